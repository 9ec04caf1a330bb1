import NIOCore

/// Calls that are sent in one write.
struct CallBatch: Sendable {
    private(set) var calls: [PendingCall] = []
    private(set) var commandCount = 0
    private var maximumBytes = 0

    init(_ calls: PendingCall...) {
        for call in calls { append(call) }
    }

    var isEmpty: Bool { calls.isEmpty }

    mutating func append(_ call: PendingCall) {
        calls.append(call)
        commandCount += call.commandCount
        maximumBytes += call.maximumBytes
    }

    mutating func append(_ other: CallBatch) {
        calls += other.calls
        commandCount += other.commandCount
        maximumBytes += other.maximumBytes
    }

    /// Keeps the memory.
    mutating func clear() {
        calls.removeAll(keepingCapacity: true)
        commandCount = 0
        maximumBytes = 0
    }

    /// Appends the encoded commands of all calls to the output.
    /// - Parameter tell: called for each call, so that one loop over the calls is enough.
    func write(to bytes: inout ByteBuffer, at now: SentTime, tell: (PendingCall) -> Void = { _ in }) {
        bytes.writeWithOutputRawSpan(minimumWritableBytes: maximumBytes) { span in
            for call in calls {
                call.write(to: &span, at: now)
                tell(call)
            }
        }
    }

    /// The calls that satisfy a condition.
    func filtered(_ isWanted: (PendingCall) -> Bool) -> CallBatch {
        var rest = CallBatch()
        for call in calls where isWanted(call) { rest.append(call) }
        return rest
    }

    /// Each call on its own.
    func singles() -> [CallBatch] { calls.map { CallBatch($0) } }
}
