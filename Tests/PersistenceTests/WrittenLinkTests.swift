import Foundation
import TestSupport
import Testing

@testable import Persistence

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The owner of a data directory may put links into it. Root follows none of them to a file that it writes, and gives
/// away no file that was there before.
@Suite struct WrittenLinkTests {
    private static let files = SystemFiles()
    private static let bytes: [UInt8] = [1, 2, 3]

    private static func owner(of path: String) -> uid_t? {
        (try? FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? NSNumber)?.uint32Value
    }

    private static func give(_ path: String, to user: uid_t) throws { try #require(chown(path, user, user) == 0) }

    private static let writes: [@Sendable (String) throws -> Void] = [
        { _ = try files.create($0) }, { try files.append(to: $0).write(bytes.span.bytes) },
        { try files.overwrite($0, with: bytes.span.bytes, .epoch) }, { _ = try files.lock($0) },
        { path in
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            let folder = try #require(try files.lock(directory: parts.dropLast().joined(separator: "/")))
            try folder.place(String(parts.last ?? ""), bytes.span.bytes)
        },
    ]

    @Test(arguments: writes.indices) func noLinkIsFollowed(_ index: Int) throws {
        let folder = try TemporaryFolder()
        let (target, link) = (folder.path + "/target", folder.path + "/link")
        try Data([9]).write(to: URL(fileURLWithPath: target))
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        #expect(throws: FileError.self) { try Self.writes[index](link) }
        #expect(FileManager.default.contents(atPath: target) == Data([9]))
        // One that leads nowhere makes no file.
        try FileManager.default.removeItem(atPath: target)
        #expect(throws: FileError.self) { try Self.writes[index](link) }
        #expect(!FileManager.default.fileExists(atPath: target))
    }

    @Test(.enabled(if: geteuid() == 0)) func onlyWhatIsNewIsGivenToTheOwner() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/data"
        try Self.files.makeDirectory(path)
        try Self.give(path, to: 12_345)
        try Data([9]).write(to: URL(fileURLWithPath: path + "/before"))
        for name in ["before", "after"] { _ = try Self.files.create("\(path)/\(name)") }
        try Self.files.makeDirectory("\(path)/log/")
        #expect(Self.owner(of: path + "/before") == 0 && Self.owner(of: path + "/after") == 12_345)
        #expect(Self.owner(of: path + "/log") == 12_345)
    }
}
