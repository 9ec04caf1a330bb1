import NIOCore

/// Calls that leave together, and the bytes of their commands.
struct CallBatch: Sendable {
    private(set) var calls: [(call: PendingCall, byteCount: Int)] = []
    private(set) var bytes = ByteBuffer()
    private(set) var commandCount = 0

    var isEmpty: Bool { calls.isEmpty }

    mutating func append(_ call: PendingCall, _ write: (inout ByteBuffer) -> Void) {
        let start = bytes.writerIndex
        write(&bytes)
        calls.append((call, bytes.writerIndex - start))
        commandCount += call.commandCount
    }

    mutating func append(_ call: PendingCall, _ commands: [Command]) {
        append(call) { bytes in
            for command in commands { bytes.write(command) }
        }
    }

    mutating func append(_ other: CallBatch) {
        var others = other.bytes
        bytes.writeBuffer(&others)
        calls += other.calls
        commandCount += other.commandCount
    }

    /// Keeps the memory.
    mutating func clear() {
        calls.removeAll(keepingCapacity: true)
        bytes.clear()
        commandCount = 0
    }

    /// Only the calls that are wanted, and the bytes of theirs.
    func filtered(_ isWanted: (PendingCall) -> Bool) -> CallBatch {
        var rest = CallBatch()
        var bytes = bytes
        for (call, byteCount) in calls {
            guard var slice = bytes.readSlice(length: byteCount) else {
                preconditionFailure("a batch has the bytes of all its calls")
            }
            if isWanted(call) { rest.append(call) { $0.writeBuffer(&slice) } }
        }
        return rest
    }

    /// Each call on its own.
    func singles() -> [CallBatch] {
        var bytes = bytes
        return calls.map { call, byteCount in
            var single = CallBatch()
            single.append(call) { single in
                guard var slice = bytes.readSlice(length: byteCount) else {
                    preconditionFailure("a batch has the bytes of all its calls")
                }
                single.writeBuffer(&slice)
            }
            return single
        }
    }
}
