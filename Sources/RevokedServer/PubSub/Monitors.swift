import Denylist
import RESP
import Synchronization

/// `MONITOR`: clients that see which commands others execute. Secrets are left out (``ShownArguments``).
final class Monitors: Sendable {
    /// What is shown of one argument, in bytes.
    private static let shownBytes = 1024
    /// Arguments that are shown of one command.
    private static let shownArguments = 128

    private let clients = Mutex([ClientRecord]())
    private let conditions: ServingConditions
    private let guardedPrefix: [UInt8]

    init(_ conditions: ServingConditions, guardedPrefix: [UInt8]) {
        self.conditions = conditions
        self.guardedPrefix = guardedPrefix
    }

    func add(_ client: ClientRecord) {
        clients.withLock {
            $0.append(client)
            conditions.begin(.monitored)
        }
    }

    func remove(_ client: ClientRecord) {
        clients.withLock { clients in
            clients.removeAll { $0 === client }
            if clients.isEmpty { conditions.end(.monitored) }
        }
    }

    /// Shows a command that is about to be executed.
    func show(
        _ arguments: borrowing Arguments, _ command: Command, of address: String, database: Int, at wall: Int64
    ) {
        guard !command.isHidden(arguments) else { return }
        let milliseconds = String(1_000 + wall % 1_000).dropFirst()
        var line = Array("+\(wall / 1_000).\(milliseconds)000 [\(database) \(address)]".utf8)
        let shown = ShownArguments(of: command.id, copy arguments, guardedPrefix: guardedPrefix)
        for index in 0..<min(arguments.count, Self.shownArguments) {
            line += " \"".utf8
            Self.append(shown[index], to: &line)
            line += "\"".utf8
        }
        if arguments.count > Self.shownArguments {
            line += " ... (\(arguments.count - Self.shownArguments) more arguments)".utf8
        }
        line += "\r\n".utf8
        let message = PushMessage(two: line, three: line)
        clients.withLock { Mailbox.post(message, to: $0, .monitors) }
    }

    /// As Redis quotes it.
    private static func append(_ argument: RawSpan, to line: inout [UInt8]) {
        argument.withUnsafeBytes { bytes in
            for byte in bytes.prefix(shownBytes) {
                switch byte {
                case UInt8(ascii: "\\"), UInt8(ascii: "\""): line += [UInt8(ascii: "\\"), byte]
                case 0x0A: line += "\\n".utf8
                case 0x0D: line += "\\r".utf8
                case 0x09: line += "\\t".utf8
                case 0x07: line += "\\a".utf8
                case 0x08: line += "\\b".utf8
                case 0x20...0x7E: line.append(byte)
                default: line += "\\x\(String(256 + Int(byte), radix: 16).dropFirst())".utf8
                }
            }
        }
        if argument.byteCount > shownBytes { line += "... (\(argument.byteCount - shownBytes) more bytes)".utf8 }
    }
}

extension Command {
    /// Administrators' commands are not shown, as in Redis.
    fileprivate func isHidden(_ arguments: borrowing Arguments) -> Bool {
        if flags.contains(.admin) { return true }
        guard flags.contains(.container), arguments.count > 1 else { return false }
        return CommandCatalog.shared.find(fullName(arguments).utf8)?.flags.contains(.admin) ?? false
    }
}
