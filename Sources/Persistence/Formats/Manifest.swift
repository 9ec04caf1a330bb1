import RESP

/// Which files make up a log (Redis 7's multi-part append-only file): one base at most, and increments in their order.
struct Manifest: Equatable, Sendable {
    enum Kind: Character, Sendable {
        case base = "b"
        case increment = "i"
        /// No longer needed, to be deleted.
        case history = "h"
    }

    struct File: Equatable, Sendable {
        var name: String
        var sequence: Int64
        var kind: Kind
    }

    var files: [File] = []
    /// Whether our own checksum line is present. Without it another server wrote the manifest.
    private(set) var isOurs = true

    var base: File? { files.first { $0.kind == .base } }
    var increments: [File] { files.filter { $0.kind == .increment } }
    var history: [File] { files.filter { $0.kind == .history } }

    static let directoryName = "appendonlydir"
    static let fileName = "appendonly.aof.manifest"
    static let temporaryFileName = "temp-appendonly.aof.manifest"
    /// The longest line that Redis reads, in bytes.
    private static let maximumLine = 1023
    private static let checksumWord = "#revoked-manifest "

    static func base(_ sequence: Int64) -> File {
        File(name: "appendonly.aof.\(sequence).base.rdb", sequence: sequence, kind: .base)
    }

    static func increment(_ sequence: Int64) -> File {
        File(name: "appendonly.aof.\(sequence).incr.aof", sequence: sequence, kind: .increment)
    }

    /// Whether a file with this name belongs to a log of ours.
    static func isName(_ name: String) -> Bool {
        guard let number = name.split(separator: ".").dropFirst(2).first.flatMap({ Int64($0) }) else { return false }
        return name == base(number).name || name == increment(number).name
    }

    // MARK: Writing

    /// The file's bytes. The first line is a comment to Redis, and to us a CRC-64 of all others. Without it, a manifest
    /// that lost its last line would look whole.
    func encode() -> [UInt8] {
        var lines: [UInt8] = []
        for file in files { lines += Self.line(file).utf8 + [UInt8(ascii: "\n")] }
        return Self.checksumLine(of: lines) + lines
    }

    private static func line(_ file: File) -> String {
        "file \(quote(file.name)) seq \(file.sequence) type \(file.kind.rawValue)"
    }

    private static func checksumLine(of lines: [UInt8]) -> [UInt8] {
        var crc = CRC64()
        crc.add(lines.span.bytes)
        let digits = String(crc.value, radix: 16)
        return Array("\(checksumWord)\(String(repeating: "0", count: 16 - digits.count))\(digits)\n".utf8)
    }

    private static func quote(_ name: String) -> String {
        let isPlain =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "'")
                    && byte != UInt8(ascii: "\\")
            }
        guard !isPlain else { return name }
        var quoted = "\""
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): quoted += "\\\(Character(Unicode.Scalar(byte)))"
            case 0x20...0x7E: quoted.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                quoted += "\\x\(digits.count == 1 ? "0" : "")\(digits)"
            }
        }
        return quoted + "\""
    }

    // MARK: Reading

    init(files: [File] = []) { self.files = files }

    /// Reads what ``encode()`` or Redis wrote.
    init(decoding bytes: RawSpan) throws(FormatError) {
        guard bytes.byteCount > 0 else { throw FormatError(at: 0, "the manifest is empty") }
        isOurs = false
        var position = 0
        while position < bytes.byteCount {
            let start = position
            while position < bytes.byteCount, bytes[byte: position] != UInt8(ascii: "\n") { position += 1 }
            guard position < bytes.byteCount else { throw FormatError(at: start, "the line has no end") }
            let line = bytes.extracting(start..<position)
            position += 1
            guard line.byteCount <= Self.maximumLine else { throw FormatError(at: start, "the line is too long") }
            if line.byteCount > 0, line[byte: 0] == UInt8(ascii: "#") {
                let text = line.withUnsafeBytes(Array.init)
                guard start == 0, text.starts(with: Self.checksumWord.utf8) else { continue }
                let rest = bytes.extracting(position..<bytes.byteCount).withUnsafeBytes(Array.init)
                guard text + [UInt8(ascii: "\n")] == Self.checksumLine(of: rest) else {
                    throw FormatError(at: 0, "the manifest's checksum is wrong")
                }
                isOurs = true
                continue
            }
            try add(Self.parse(line, at: start), at: start)
        }
        guard base != nil || !increments.isEmpty else { throw FormatError(at: 0, "the manifest names no file") }
    }

    private static func parse(_ line: RawSpan, at offset: Int) throws(FormatError) -> File {
        guard let words = try? InlineRequest.split(line), words.count >= 6, words.count % 2 == 0 else {
            throw FormatError(at: offset, "not a line of a manifest")
        }
        var name: String?
        var sequence: Int64?
        var kind: Kind?
        for index in stride(from: 0, to: words.count, by: 2) {
            let value = words[index + 1]
            switch String(decoding: words[index], as: UTF8.self).lowercased() {
            case "file": name = String(validating: value, as: UTF8.self)
            case "seq": sequence = value.span.bytes.parseInteger()
            case "type": kind = value.count == 1 ? Kind(rawValue: Character(Unicode.Scalar(value[0]))) : nil
            case "startoffset", "endoffset":
                // Redis 8.2 and later: a replica's position in the stream. It says nothing about the file.
                guard value.span.bytes.parseInteger() != nil else {
                    throw FormatError(at: offset, "an offset in the manifest that is not a number")
                }
            case let word: throw FormatError(at: offset, unknown(word))
            }
        }
        guard let name, let sequence, sequence > 0, let kind else {
            throw FormatError(at: offset, "not a line of a manifest")
        }
        guard !name.isEmpty, name != ".", name != "..",
            !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") })
        else { throw FormatError(at: offset, "the manifest names a path, which has to be a file's name") }
        let file = File(name: name, sequence: sequence, kind: kind)
        // Quoting makes the line longer: a name must fit when it is written again.
        guard Self.line(file).utf8.count <= maximumLine else {
            throw FormatError(at: offset, "the name of a file in the manifest is too long")
        }
        return file
    }

    /// The message for a word that no known version of Redis writes. The word is printed only if it looks like one.
    private static func unknown(_ word: String) -> String {
        let isWord =
            word.utf8.count <= 24 && word.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        return "an unknown word in the manifest" + (isWord ? ": \(word)" : "")
    }

    private mutating func add(_ file: File, at offset: Int) throws(FormatError) {
        switch file.kind {
        case .base where base != nil: throw FormatError(at: offset, "the manifest names a second base")
        case .increment where (increments.last?.sequence ?? 0) >= file.sequence:
            throw FormatError(at: offset, "the manifest's increments are out of order")
        default: break
        }
        guard !files.contains(where: { $0.name == file.name }) else {
            throw FormatError(at: offset, "the manifest names a file twice")
        }
        files.append(file)
    }
}
