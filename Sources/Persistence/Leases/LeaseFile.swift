import Synchronization

/// `revoked.leases` in the data directory: the longest lease that a follower was ever promised. It is on disk before
/// the lease is granted: the next process on this data waits for so long before a guarded write is answered.
///
/// The file is one line, overwritten in place: a disk writes so few bytes as a whole.
enum LeaseFile {
    static let name = "revoked.leases"
    private static let word = "revoked-leases1"
    /// In milliseconds. What an unreadable file may have said.
    static let longest: Int64 = 10_000

    static func text(_ milliseconds: Int64) -> String {
        let text = "\(word) \(String(String(100_000 + milliseconds).dropFirst()))"
        return "\(text) \(checksum(of: text))\n"
    }

    private static func checksum(of text: String) -> String {
        ClockText.hexadecimal(CRC64().adding(text.utf8.span.bytes).value)
    }

    /// - Returns: milliseconds; 0 if no lease was ever promised.
    static func read(in data: DataDirectory) throws(FileError) -> Int64 {
        guard try data.files.exists(data.path(name)) else { return 0 }
        return try data.files.contents(of: data.path(name)).withBytes { bytes in
            parse(String(decoding: bytes.withUnsafeBytes { $0.prefix(128) }, as: UTF8.self)) ?? longest
        }
    }

    static func parse(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 3, let number = Int64(words[1]), (0...longest).contains(number),
            text == Self.text(number)
        else { return nil }
        return number
    }

    static func write(_ milliseconds: Int64, in data: DataDirectory) throws(FileError) {
        precondition((0...longest).contains(milliseconds), "a lease is longer than any may be")
        try data.requireOurs()
        let isNew = try !data.files.exists(data.path(name))
        try data.files.overwrite(data.path(name), with: text(milliseconds).utf8.span.bytes, .leases)
        if isNew { try data.files.synchronize(directory: data.path, .leasesName) }
    }
}

extension Persistence {
    /// The longest lease that may be promised, in milliseconds.
    package static let longestLease = LeaseFile.longest

    /// The longest lease that a follower of this denylist was ever promised, in milliseconds; 0 if none was. What is in
    /// memory only is a new denylist at each start.
    package var promisedLease: Int64 { promised.load(ordering: .acquiring) }

    /// Keeps on disk that leases of this length are promised. Waits for the disk.
    package func promise(lease milliseconds: Int64) throws(PersistenceError) {
        do throws(FileError) {
            try promising.withLock { _ throws(FileError) in
                guard milliseconds > promisedLease else { return }
                try LeaseFile.write(milliseconds, in: data)
                promised.store(milliseconds, ordering: .releasing)
            }
        } catch {
            throw PersistenceError(error)
        }
    }

    /// Writes again what was promised: the directory was made anew.
    func keepPromise() throws(FileError) {
        try promising.withLock { _ throws(FileError) in
            if promisedLease > 0 { try LeaseFile.write(promisedLease, in: data) }
        }
    }

    /// Reads what the processes before have promised.
    func readPromises() throws(PersistenceError) {
        do throws(FileError) { promised.store(try LeaseFile.read(in: data), ordering: .releasing) } catch {
            throw PersistenceError(error)
        }
    }
}
