import Foundation
import Testing

@testable import Persistence

@Suite struct ImportFileTests {
    @Test func itNamesTheLastSource() throws {
        let data = try SimulatedDisk(seed: 1).dataDirectory()
        #expect(try !ImportFile.names("old:6379", in: data))
        for source in ["a-name-that-is-much-longer:6379", "old:6379"] {
            try ImportFile.write(source, in: data)
            #expect(try ImportFile.names(source, in: data))
        }
        for other in ["old:637", "old:63790", "a-name-that-is-much-longer:6379", ""] {
            #expect(try !ImportFile.names(other, in: data))
        }
    }

    /// An end that was refused has not happened: the next start goes on with the import.
    @Test(arguments: [false, true]) func whatIsRefusedIsNotThere(_ failuresAreDone: Bool) throws {
        var refused = 0
        for after in 0..<10 {
            let disk = SimulatedDisk(seed: 1)
            let data = try disk.dataDirectory()
            try ImportFile.write("another:6379", in: data)
            (disk.failure, disk.failuresAreDone) = ((after, EIO), failuresAreDone)
            do throws(FileError) { try ImportFile.write("old:6379", in: data) } catch {
                refused += 1
                #expect(try !ImportFile.names("old:6379", in: data), "\(after)")
                #expect(try !disk.exists(data.path(ImportFile.temporaryName)))
                disk.failure = nil
                try ImportFile.write("old:6379", in: data)
            }
            #expect(try ImportFile.names("old:6379", in: data))
        }
        #expect(refused >= 4)
    }

    /// Each of them is needed: without it a power loss makes an import of one that has ended.
    @Test(arguments: [SyncPoint.imported, .importedName]) func eachSyncIsNeeded(_ point: SyncPoint) throws {
        for omitted in [nil, point] {
            var lost = 0
            for seed in 0..<50 {
                let disk = SimulatedDisk(seed: UInt64(seed))
                let data = try disk.dataDirectory()
                disk.omitted = omitted
                try ImportFile.write("old:6379", in: data)
                disk.crash()
                if try !ImportFile.names("old:6379", in: data) { lost += 1 }
            }
            #expect((lost > 0) == (omitted != nil))
        }
    }
}
