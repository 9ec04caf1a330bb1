import Testing

@testable import Persistence

@Suite struct LeaseFileTests {
    @Test func theLongestPromiseIsReadByTheNext() throws {
        let disk = SimulatedDisk(seed: 1)
        func start() throws -> Persistence {
            let persistence = try Persistence(
                PersistenceConfiguration(directory: "data"), .small(), files: disk, moment: { .start })
            _ = try persistence.recover()
            _ = try persistence.begin(inBackground: false)
            return persistence
        }
        var persistence = try start()
        #expect(persistence.promisedLease == 0)
        for length in [300, 2_000, 40] as [Int64] { try persistence.promise(lease: length) }
        #expect(persistence.promisedLease == 2_000)
        disk.crash()
        persistence = try start()
        #expect(persistence.promisedLease == 2_000)
        // A daemon without a log is another denylist at each start.
        var memory = PersistenceConfiguration(directory: "data")
        memory.isLogging = false
        disk.crash()
        persistence = try Persistence(memory, .small(), files: disk, moment: { .start })
        _ = try persistence.recover()
        #expect(persistence.promisedLease == 0)
    }

    /// A directory that was removed while the daemon ran is made anew, with the promise in it.
    @Test func aDirectoryThatIsMadeAnewHoldsThePromise() throws {
        let disk = SimulatedDisk(seed: 1)
        let persistence = try Persistence(
            PersistenceConfiguration(directory: "data"), .small(), files: disk, moment: { .start })
        _ = try persistence.recover()
        _ = try persistence.begin(inBackground: false)
        try persistence.promise(lease: 2_000)
        try disk.remove("data/\(LeaseFile.name)")
        try persistence.renew()
        #expect(try LeaseFile.read(in: persistence.data) == 2_000)
    }

    /// Each of them is needed: without it a power loss takes a promise, or makes another of it.
    @Test(arguments: [SyncPoint.leases, .leasesName]) func eachSyncIsNeeded(_ point: SyncPoint) throws {
        for omitted in [nil, point] {
            var lost = 0
            for seed in 0..<50 {
                let disk = SimulatedDisk(seed: UInt64(seed))
                let data = try disk.dataDirectory()
                disk.omitted = omitted
                try LeaseFile.write(300, in: data)
                disk.crash()
                if try LeaseFile.read(in: data) != 300 { lost += 1 }
            }
            #expect((lost > 0) == (omitted != nil))
        }
    }

    /// What cannot be read may have been the longest there is.
    @Test func aDamagedFileIsTheLongestPromise() throws {
        let disk = SimulatedDisk(seed: 1)
        let data = try disk.dataDirectory()
        try LeaseFile.write(300, in: data)
        let good = Array(LeaseFile.text(300).utf8)
        for count in 0..<good.count {
            var bytes = good
            bytes[count] ^= 1
            for damaged in [Array(good[..<count]), bytes] {
                disk.replace(data.path(LeaseFile.name), damaged)
                #expect(try LeaseFile.read(in: data) == LeaseFile.longest)
            }
        }
        for length in [0, 1, 300, 10_000] as [Int64] {
            disk.replace(data.path(LeaseFile.name), Array(LeaseFile.text(length).utf8))
            #expect(try LeaseFile.read(in: data) == length)
        }
    }
}
