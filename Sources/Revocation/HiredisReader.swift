import CHiredis
import NIOCore

// The binding to hiredis: the only unsafe memory in this library. It compiles against hiredis 0.14 and 1.x, whose
// integer types differ (`int` here, `long long` or `size_t` there): hence the conversions.

/// Turns bytes into replies, with hiredis' parser.
///
/// hiredis builds replies through functions of ours. They note each value in the order in which it comes, and hand
/// hiredis a mark instead of a pointer: nothing is allocated on its side, so there is nothing that it could free or lose.
final class HiredisReader {
    /// Values in the order of the wire: an array's header, then its elements.
    fileprivate enum Event {
        case value(Reply)
        case arrayOf(Int)
    }

    /// Something that hiredis cannot parse.
    struct ProtocolError: Error {}

    private let reader: UnsafeMutablePointer<redisReader>
    fileprivate var events: [Event] = []

    init() {
        guard let reader = redisReaderCreateWithFunctions(replyFunctions) else { fatalError("out of memory") }
        self.reader = reader
        // Unretained: the reader lives and dies with this object and calls back only from `next()`.
        reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit { redisReaderFree(reader) }

    /// Adds bytes, whose announced lengths have been checked (``ReplyScanner``).
    func feed(_ buffer: ByteBuffer) throws(ProtocolError) {
        let result = buffer.withUnsafeReadableBytes { bytes in
            redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard result == REDIS_OK else { throw ProtocolError() }
    }

    /// The next whole reply, or nil if more bytes are needed.
    func next() throws(ProtocolError) -> Reply? {
        var mark: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &mark) == REDIS_OK else { throw ProtocolError() }
        guard mark != nil else { return nil }
        defer { events.removeAll(keepingCapacity: true) }
        var position = 0
        return reply(from: &position)
    }

    /// The value at `position` of the events, which is moved behind it. Recursion is bounded by
    /// ``ReplyScanner/maximumDepth``.
    private func reply(from position: inout Int) -> Reply {
        let event = events[position]
        position += 1
        switch event {
        case .value(let reply): return reply
        case .arrayOf(let count):
            var elements: [Reply] = []
            elements.reserveCapacity(count)
            for _ in 0..<count { elements.append(reply(from: &position)) }
            return .array(elements)
        }
    }
}

/// What hiredis takes for a reply object: any address but zero.
private var mark: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1) }

private func note(_ event: HiredisReader.Event, of task: UnsafePointer<redisReadTask>?) -> UnsafeMutableRawPointer? {
    guard let context = task?.pointee.privdata else { return nil }
    Unmanaged<HiredisReader>.fromOpaque(context).takeUnretainedValue().events.append(event)
    return mark
}

/// Made once and never freed: every reader points to it. Not changed after it was made.
private nonisolated(unsafe) let replyFunctions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
    var functions = redisReplyObjectFunctions()
    functions.createString = { task, text, count in
        let bytes = [UInt8](UnsafeRawBufferPointer(start: text, count: Int(count)))
        return switch task?.pointee.type {
        case REDIS_REPLY_STATUS: note(.value(.status(bytes)), of: task)
        case REDIS_REPLY_ERROR: note(.value(.error(bytes)), of: task)
        default: note(.value(.bulk(bytes)), of: task)
        }
    }
    functions.createArray = { task, count in note(.arrayOf(Int(count)), of: task) }
    functions.createInteger = { task, value in note(.value(.integer(Int64(value))), of: task) }
    functions.createNil = { task in note(.value(.null), of: task) }
    functions.freeObject = { _ in }
    let pointer = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    pointer.initialize(to: functions)
    return pointer
}()

extension ByteBuffer {
    /// Appends a command as hiredis formats it: an array of bulk strings.
    mutating func write(_ command: Command) {
        command.bytes.withUnsafeBytes { bytes in
            // An empty command has no base address; hiredis reads none of its bytes either.
            var start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            var arguments: [UnsafePointer<CChar>?] = []
            arguments.reserveCapacity(command.lengths.count)
            for length in command.lengths {
                arguments.append(start)
                start = start?.advanced(by: length)
            }
            var formatted: UnsafeMutablePointer<CChar>?
            let length = redisFormatCommandArgv(&formatted, Int32(arguments.count), &arguments, command.lengths)
            guard let formatted, length >= 0 else { fatalError("out of memory") }
            writeBytes(UnsafeRawBufferPointer(start: formatted, count: Int(length)))
            redisFreeCommand(formatted)
        }
    }
}
