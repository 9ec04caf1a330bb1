import RESP

/// What `revoked.epoch` says. Its bytes are of a fixed number: a file of another length was not written as a whole.
///
///     revoked-epoch 1
///     epoch <epoch>
///     replaces <epoch> pending | replaces <epoch> accepted
///     born <the file's birth time>
///     log new | log memory | log any | log <salt> <offset> | log <salt> <offset> <salt>
///     …                                                     spaces
///     sum <CRC-64 of everything before this line, in hexadecimal digits>
struct EpochFileContents: Equatable {
    var record: EpochRecord
    var position: LogPosition
    /// The file's birth time, which no copy shares; nil if the file system does not record it.
    var birth: String?

    /// In bytes.
    static let size = 512
    private static let sumLength = 4 + 16 + 1
    private static let head = "revoked-epoch 1"

    // MARK: Writing

    func encode() -> [UInt8] {
        var lines = [Self.head, "epoch \(record.epoch)"]
        if let predecessor = record.predecessor {
            lines.append("replaces \(predecessor) \(record.isAccepted ? "accepted" : "pending")")
        }
        if let birth { lines.append("born \(birth)") }
        lines.append("log \(Self.words(position))")
        var bytes = Array(lines.joined(separator: "\n").utf8) + [UInt8(ascii: "\n")]
        let padding = Self.size - Self.sumLength - bytes.count - 1
        precondition(padding >= 0, "an epoch's file that does not fit into a sector")
        bytes += [UInt8](repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
        return bytes + Self.sum(of: bytes.span.bytes)
    }

    private static func words(_ position: LogPosition) -> String {
        switch position {
        case .new: "new"
        case .memory: "memory"
        case .any: "any"
        case .at(let salt, let offset, let next):
            "\(String(salt, radix: 16)) \(offset)" + (next.map { " \(String($0, radix: 16))" } ?? "")
        }
    }

    private static func sum(of bytes: RawSpan) -> [UInt8] {
        let digits = String(CRC64().adding(bytes).value, radix: 16)
        return Array("sum \(String(repeating: "0", count: 16 - digits.count))\(digits)\n".utf8)
    }

    // MARK: Reading

    init(record: EpochRecord, position: LogPosition, birth: String? = nil) {
        self.record = record
        self.position = position
        self.birth = birth
    }

    init(decoding bytes: RawSpan) throws(FormatError) {
        guard bytes.byteCount > 0 else {
            throw FormatError(
                at: 0,
                "it is empty, as a hard link of the file is once the daemon has replaced that: this is an old copy")
        }
        guard bytes.byteCount == Self.size else {
            throw FormatError(at: 0, "it has \(bytes.byteCount) bytes, and not \(Self.size)")
        }
        let covered = bytes.extracting(first: Self.size - Self.sumLength)
        guard
            bytes.extracting(droppingFirst: covered.byteCount).withUnsafeBytes(Array.init) == Self.sum(of: covered)
        else { throw FormatError(at: covered.byteCount, "its checksum is wrong") }
        let text = covered.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        guard lines.first == ["revoked-epoch", "1"] else {
            throw FormatError(at: 0, "it is from a newer revoked, or not a file of revoked")
        }
        var epoch: String?
        var replaced: (epoch: String, isAccepted: Bool)?
        var position: LogPosition?
        for line in lines.dropFirst() where !line.isEmpty {
            switch (line[0], line.count) {
            case ("epoch", 2): epoch = line[1]
            case ("replaces", 3) where ["accepted", "pending"].contains(line[2]):
                replaced = (line[1], line[2] == "accepted")
            case ("born", 2): birth = line[1]
            case ("log", 2...4): position = Self.position(Array(line.dropFirst()))
            default: throw FormatError(at: 0, "it has an unknown line")
            }
        }
        guard let epoch, let position, EpochRecord.isEpoch(epoch),
            replaced.map({ EpochRecord.isEpoch($0.epoch) }) ?? true
        else { throw FormatError(at: 0, "it lacks a line") }
        record = EpochRecord(
            epoch: epoch, predecessor: replaced?.epoch, isAccepted: replaced?.isAccepted ?? false)
        self.position = position
    }

    private static func position(_ words: [String]) -> LogPosition? {
        switch words {
        case ["new"]: return .new
        case ["memory"]: return .memory
        case ["any"]: return .any
        default:
            guard words.count >= 2, let salt = UInt64(words[0], radix: 16), let offset = Int(words[1]), offset >= 0
            else {
                return nil
            }
            guard words.count == 3 else { return .at(salt: salt, offset: offset) }
            return UInt64(words[2], radix: 16).map { .at(salt: salt, offset: offset, next: $0) }
        }
    }
}
