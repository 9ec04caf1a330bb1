import RESP

/// The commands that a client has queued since `MULTI`.
struct Transaction {
    /// No thread executes anything else during `EXEC`.
    static let maximumCommands = 1 << 18
    static let maximumBytes = 64 << 20
    /// In the log, where values stand that were not sent.
    static let maximumLogBytes = 96 << 20
    /// Of a processor, in milliseconds: a walk through all keys is a short command.
    static let maximumTime: Int64 = 2_000

    /// The requests, as arrays, one after the other.
    private(set) var requests: [UInt8] = []
    private(set) var count = 0
    /// The flags that any of the commands has.
    private(set) var flags: Command.Flags = []
    /// The bytes of commands that may make new plain keys.
    private(set) var plainBytes = 0
    private(set) var writesPlainKeys = false
    /// Whether a command was refused: `EXEC` executes none of the others.
    private(set) var isAborted = false
    /// The one that will be selected when the next command is executed.
    var database: Int

    init(in database: Int) { self.database = database }

    mutating func abort() {
        isAborted = true
        requests = []
    }

    /// Adds a command.
    /// - Parameter isGuarded: whether all its keys are guarded.
    /// - Returns: false if that is too much. Nothing was added.
    mutating func append(_ command: Command, _ arguments: Arguments, isGuarded: Bool) -> Bool {
        // An aborted one is kept by its number alone.
        guard !isAborted else {
            count += 1
            return true
        }
        var bytes = 16
        for index in 0..<arguments.count { bytes += arguments[index].byteCount + 16 }
        guard count < Self.maximumCommands, requests.count + bytes <= Self.maximumBytes else { return false }
        count += 1
        flags.formUnion(command.flags)
        if command.flags.mayWrite, !isGuarded {
            writesPlainKeys = true
            if command.flags.contains(.denyOOM) { plainBytes += bytes }
        }
        requests += "*\(arguments.count)\r\n".utf8
        for index in 0..<arguments.count {
            requests += "$\(arguments[index].byteCount)\r\n".utf8
            arguments[index].withUnsafeBytes { requests += $0 }
            requests += "\r\n".utf8
        }
        return true
    }
}

extension Command {
    /// Whether it is executed within a transaction rather than queued.
    var isOfTransactions: Bool {
        switch id {
        case .multi, .exec, .discard, .watch, .quit, .reset: true
        default: false
        }
    }
}
