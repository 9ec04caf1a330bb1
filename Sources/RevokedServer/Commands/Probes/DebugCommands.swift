import Denylist
import RESP

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `DEBUG`: what test programs of clients need, where `enable-debug-command` allows it. It changes no key.
enum DebugCommands {
    /// Of one `SLEEP`, in seconds.
    private static let longestSleep = 10.0

    static func debug(_ arguments: Arguments, _ context: inout ServingContext) {
        guard context.daemon.configuration.enablesDebug else {
            return context.fail(
                "ERR DEBUG command not allowed. Start the daemon with --enable-debug-command yes to run it")
        }
        let word = arguments[1]
        if word.equalsIgnoringCase("sleep"), arguments.count == 3 {
            sleep(arguments, &context)
        } else if word.equalsIgnoringCase("object"), arguments.count == 3 {
            object(arguments, &context)
        } else if word.equalsIgnoringCase("protocol"), arguments.count == 3 {
            answer(arguments[2], &context.reply) ?? context.fail(unknownType)
        } else if word.equalsIgnoringCase("set-active-expire") || word.equalsIgnoringCase("pause-cron"),
            arguments.count == 3
        {
            // What has expired is never seen, whether its room was given back or not.
            context.reply.ok()
        } else if word.equalsIgnoringCase("error"), arguments.count == 3 {
            context.fail(bytes: arguments[2].withUnsafeBytes(Array.init))
        } else if word.equalsIgnoringCase("help"), arguments.count == 2 {
            context.reply.array(help.count)
            for line in help { context.reply.status(line) }
        } else {
            context.failWithWord(
                "ERR unknown subcommand or wrong number of arguments for '", word, "'. Try DEBUG HELP.")
        }
    }

    private static let help = [
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", "ERROR text",
        "    Answers an error.", "OBJECT key",
        "    Shows how Redis would keep the value.", "PAUSE-CRON (0|1)", "    Does nothing.", "PROTOCOL type",
        "    Answers a value of this type.", "SET-ACTIVE-EXPIRE (0|1)", "    Does nothing.", "SLEEP seconds",
        "    Keeps this thread from serving, for 10 seconds at most.", "HELP", "    Prints this help.",
    ]

    private static func sleep(_ arguments: Arguments, _ context: inout ServingContext) {
        // As Redis reads it: what follows the number is passed over.
        let seconds = strtod(arguments.text(2), nil)
        guard (0...longestSleep).contains(seconds) else {
            return context.fail("ERR between 0 and \(Int(longestSleep)) seconds")
        }
        usleep(UInt32(seconds * 1e6))
        context.reply.ok()
    }

    private static func object(_ arguments: Arguments, _ context: inout ServingContext) {
        let found = context.find(2, of: arguments) { value, _ in (ObjectCommands.Form(value), value.byteCount) }
        guard let (form, length) = found else { return context.fail("ERR no such key") }
        context.reply.status(
            "Value at:0x0 refcount:\(form.references) encoding:\(form.encoding) serializedlength:\(length + 1) lru:0 "
                + "lru_seconds_idle:0")
    }

    // MARK: PROTOCOL

    private static let unknownType =
        "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map"
        + "|attrib|push|verbatim|true|false"

    /// Answers what Redis does.
    /// - Returns: nil if there is no such type.
    private static func answer(_ type: RawSpan, _ reply: inout ReplyBuffer) -> Void? {
        let isThree = reply.version == .three
        switch type.lowercasedWord {
        case "string": reply.bulk("Hello World")
        case "integer": reply.integer(12345)
        case "double": reply.double(3.141)
        case "null": reply.null()
        case "array":
            reply.array(3)
            for number in 0..<3 { reply.integer(Int64(number)) }
        case "set":
            reply.set(3)
            for number in 0..<3 { reply.integer(Int64(number)) }
        case "map":
            reply.map(3)
            for number in 0..<3 {
                reply.integer(Int64(number))
                reply.boolean(number == 1)
            }
        case "attrib":
            if isThree { reply.append("|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n") }
            reply.bulk("Some real reply following the attribute")
        case "push" where isThree:
            reply.push(2)
            reply.bulk("server-cpu-usage")
            reply.integer(42)
            reply.bulk("Some real reply following the push reply")
        case "push": reply.error("ERR RESP2 is not supported by this command")
        case "verbatim": reply.verbatim("This is a verbatim\nstring")
        case "true": reply.boolean(true)
        case "false": reply.boolean(false)
        case "bignum" where isThree: reply.append("(1234567999999999999999999999999999999\r\n")
        case "bignum": reply.bulk("1234567999999999999999999999999999999")
        default: return nil
        }
        return ()
    }
}

extension ReplyBuffer {
    /// A boolean; in RESP2 a number.
    fileprivate mutating func boolean(_ value: Bool) {
        guard version == .three else { return integer(value ? 1 : 0) }
        if value { append("#t\r\n") } else { append("#f\r\n") }
    }
}
