import CHiredis
import NIOCore

// The binding to hiredis: the only unsafe memory in this library. It compiles against hiredis 0.14 and 1.x, whose
// integer types differ (`int` here, `long long` or `size_t` there): hence the conversions.

/// Turns bytes into replies, with hiredis' parser.
///
/// hiredis builds replies through callbacks. Ours append each value to ``ReplyNotes`` and return a marker instead of a
/// pointer: hiredis allocates nothing, so it has nothing to free or leak. The notes are flat and reuse their memory.
/// Only a reply that is asked for is allocated.
final class HiredisReader {
    /// Bytes that hiredis cannot parse.
    struct ProtocolError: Error {}

    private static let keptBytes = 131_072

    private let reader: UnsafeMutablePointer<redisReader>
    private let notes: UnsafeMutablePointer<ReplyNotes>

    init() {
        guard let reader = redisReaderCreateWithFunctions(replyFunctions) else { fatalError("out of memory") }
        notes = .allocate(capacity: 1)
        notes.initialize(to: ReplyNotes())
        self.reader = reader
        // The replies to a large batch arrive in one piece: hiredis keeps its buffer between them.
        reader.pointee.maxbuf = numericCast(Self.keptBytes)
        // The notes live as long as the reader.
        reader.pointee.privdata = UnsafeMutableRawPointer(notes)
    }

    deinit {
        redisReaderFree(reader)
        notes.deinitialize(count: 1)
        notes.deallocate()
    }

    /// Adds bytes, whose announced lengths have been checked (``ReplyScanner``).
    func feed(_ buffer: ByteBuffer) throws(ProtocolError) {
        let result = buffer.withUnsafeReadableBytes { bytes in
            redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard result == REDIS_OK else { throw ProtocolError() }
    }

    /// Reads the next whole reply.
    /// - Returns: false if more bytes are needed.
    func advance() throws(ProtocolError) -> Bool {
        if notes.pointee.isWhole { notes.pointee.clear() }
        var mark: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &mark) == REDIS_OK else { throw ProtocolError() }
        notes.pointee.isWhole = mark != nil
        return mark != nil
    }

    /// The reply that ``advance()`` has read.
    func reply() -> Reply { notes.pointee.reply() }

    /// Whether that reply is the expected one.
    func holds(_ pinnedEpoch: PinnedEpoch, _ expected: PendingCall.ExpectedReply.Reply) -> Bool {
        notes.pointee.holds(pinnedEpoch, expected)
    }
}

/// The marker that hiredis takes for a reply object: any address but zero.
private var mark: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1) }

private func notes(of task: UnsafePointer<redisReadTask>?) -> UnsafeMutablePointer<ReplyNotes>? {
    task?.pointee.privdata?.assumingMemoryBound(to: ReplyNotes.self)
}

/// Made once and never freed: every reader points to it. Not changed after it was made.
private nonisolated(unsafe) let replyFunctions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
    var functions = redisReplyObjectFunctions()
    functions.createString = { task, text, count in
        let kind: ReplyNotes.Kind =
            switch task?.pointee.type {
            case REDIS_REPLY_STATUS: .status
            case REDIS_REPLY_ERROR: .error
            default: .bulk
            }
        notes(of: task)?.pointee.note(kind, UnsafeRawBufferPointer(start: text, count: Int(count)))
        return mark
    }
    functions.createArray = { task, count in
        notes(of: task)?.pointee.note(.array, Int64(count))
        return mark
    }
    functions.createInteger = { task, value in
        notes(of: task)?.pointee.note(.integer, Int64(value))
        return mark
    }
    functions.createNil = { task in
        notes(of: task)?.pointee.note(.null, 0)
        return mark
    }
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
