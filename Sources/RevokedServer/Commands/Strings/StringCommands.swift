import RESP

/// Reading strings, and changing parts of them.
enum StringCommands {
    static func get(_ arguments: Arguments, _ context: inout ServingContext) { reply(arguments, 1, &context) }

    // A frame of its own, or each key would pay for that of all commands.
    @inline(never)
    static func mget(_ arguments: Arguments, _ context: inout ServingContext) {
        context.reply.array(arguments.count - 1)
        for index in 1..<arguments.count { reply(arguments, index, &context) }
    }

    static func strlen(_ arguments: Arguments, _ context: inout ServingContext) {
        let length = context.read(1, of: arguments) { value, _, _ in value.byteCount }
        context.reply.integer(Int64(length ?? 0))
    }

    @inline(__always)
    private static func reply(_ arguments: Arguments, _ index: Int, _ context: inout ServingContext) {
        let found: Void? = context.read(index, of: arguments) { value, _, reply in reply.bulk(value) }
        if found == nil { context.reply.null() }
    }

    // MARK: Parts

    /// `GETRANGE` and `SUBSTR`: offsets below zero count from the end.
    static func getrange(_ arguments: Arguments, _ context: inout ServingContext) {
        guard let start = arguments[2].parseInteger(), let end = arguments[3].parseInteger() else {
            return context.failNotAnInteger()
        }
        let found: Void? = context.read(1, of: arguments) { value, _, reply in
            let count = Int64(value.byteCount)
            let first = start < 0 ? max(0, start &+ count) : start
            let last = min(end < 0 ? max(0, end &+ count) : end, count - 1)
            let isEmpty = start < 0 && end < 0 && start > end || first > last
            if isEmpty { reply.bulk("") } else { reply.bulk(value.extracting(Int(first)..<Int(last) + 1)) }
        }
        if found == nil { context.reply.bulk("") }
    }

    static func append(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        modify(.append(2), "append", arguments, session, &context)
    }

    static func setrange(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let offset = arguments[2].parseInteger() else { return context.failNotAnInteger() }
        guard offset >= 0 else { return context.fail("ERR offset is out of range") }
        // One that is too large is refused where the length of the value is known.
        let bounded = Int(min(offset, 1 << 32))
        modify(.overwrite(from: bounded, 3), "setrange", arguments, session, &context)
    }

    // MARK: Bits

    static func getbit(_ arguments: Arguments, _ context: inout ServingContext) {
        guard let bit = readBit(arguments, &context) else { return }
        let found = context.read(1, of: arguments) { value, _, _ in
            bit / 8 < value.byteCount && value[byte: bit / 8] & 0x80 >> UInt8(bit % 8) != 0
        }
        context.reply.integer(found == true ? 1 : 0)
    }

    static func setbit(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let bit = readBit(arguments, &context) else { return }
        guard let value = arguments[3].parseInteger(), value & ~1 == 0 else {
            return context.fail("ERR bit is not an integer or out of range")
        }
        modify(.setBit(bit, to: value == 1), "setbit", arguments, session, &context)
    }

    private static func readBit(_ arguments: borrowing Arguments, _ context: inout ServingContext) -> Int? {
        guard let bit = arguments[2].parseInteger(), bit >= 0,
            bit >> 3 < Int64(context.daemon.configuration.maximumBulk)
        else {
            context.fail("ERR bit offset is not an integer or out of range")
            return nil
        }
        return Int(bit)
    }

    // MARK: Numbers

    /// `INCR` and its kin.
    static func add(
        _ number: Int64, _ command: StaticString, _ arguments: Arguments, _ session: borrowing ClientSession,
        _ context: inout ServingContext
    ) {
        modify(.add(number), command, arguments, session, &context)
    }

    static func incrby(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let number = arguments[2].parseInteger() else { return context.failNotAnInteger() }
        modify(.add(number), "incrby", arguments, session, &context)
    }

    static func decrby(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let number = arguments[2].parseInteger() else { return context.failNotAnInteger() }
        guard number != Int64.min else { return context.fail("ERR decrement would overflow") }
        modify(.add(-number), "decrby", arguments, session, &context)
    }

    static func incrbyfloat(
        _ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext
    ) {
        modify(.addDecimal(2), "incrbyfloat", arguments, session, &context)
    }

    private static func modify(
        _ change: ValueChange, _ command: StaticString, _ arguments: Arguments, _ session: borrowing ClientSession,
        _ context: inout ServingContext
    ) {
        _ = context.write(
            context.classify(1, of: arguments), KeyWrite(.modify(change), command), arguments, session)
    }
}
