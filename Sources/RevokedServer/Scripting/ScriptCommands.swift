import Crypto
import Denylist
import Persistence
import RESP

/// `EVAL` and its kin: well-known scripts alone. There is no Lua.
enum ScriptCommands {
    static let noLua =
        "ERR this server runs no Lua, only well-known scripts for locks and caches (Operating, \"Scripts\"): "
        + "use a transaction with WATCH, or another Redis"

    /// - Parameters:
    ///   - isDigest: whether the script is given by its SHA-1.
    ///   - isReadOnly: whether it may not write.
    static func eval(
        _ arguments: Arguments, isDigest: Bool = false, isReadOnly: Bool = false, _ session: inout ClientSession,
        _ context: inout ServingContext
    ) {
        guard let count = arguments[2].parseInteger() else { return context.failNotAnInteger() }
        guard count <= arguments.count - 3 else {
            return context.fail("ERR Number of keys can't be greater than number of args")
        }
        guard count >= 0 else { return context.fail("ERR Number of keys can't be negative") }
        let digest = isDigest ? arguments.text(1).lowercased() : digest(of: arguments[1])
        guard let script = NativeScript.known[digest] else {
            return context.fail(isDigest ? "NOSCRIPT No matching script. Please use EVAL." : noLua)
        }
        let words = (3..<max(3, arguments.count)).map { arguments[$0].withUnsafeBytes(Array.init) }
        let (keys, rest) = (Array(words.prefix(Int(count))), Array(words.dropFirst(Int(count))))
        guard script.takes(keys: keys.count, arguments: rest.count) else {
            return context.fail("ERR the script '\(script.name)' got too few or too many keys, or too few arguments")
        }
        if !script.isReadOnly {
            guard !isReadOnly else {
                return context.fail("ERR Write commands are not allowed from read-only scripts.")
            }
            if let log = context.journal.disk, log.refusesWrites, let refusal = log.refusal {
                return context.fail(refusal)
            }
        }
        run(script, keys, rest, &session, &context)
    }

    private static func run(
        _ script: NativeScript, _ keys: NativeScript.Words, _ arguments: NativeScript.Words,
        _ session: inout ClientSession, _ context: inout ServingContext
    ) {
        var outcome: Result<ScriptValue, ScriptFailure>?
        let end = context.executeAlone { context in
            // While this thread waited for its turn the client may have been killed, or may have lost rights.
            guard session.mayGoOn(context.daemon) else { return }
            do throws(ScriptFailure) {
                outcome = .success(
                    try script.body(keys, arguments) { words throws(ScriptFailure) in
                        try session.call(words, &context)
                    })
            } catch { outcome = .failure(error) }
        }
        context.holds.waitForGroup(upTo: end)
        // What a script finds of a revocation its caller relies on, whether it then writes or not.
        if keys.contains(where: { context.denylist.isGuarded($0.span.bytes) }) {
            context.holds.wait(for: context.journal.end)
        }
        switch outcome {
        case .success(let value): value.write(to: &context.reply)
        // Counted when the command failed.
        case .failure(let failure): context.reply.error(bytes: failure.message)
        case nil: context.fail("ERR the connection is being closed: the script was not executed")
        }
    }

    private static func digest(of text: RawSpan) -> String {
        let digest = text.withUnsafeBytes { Insecure.SHA1.hash(data: $0) }
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: SCRIPT

    static func script(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        switch ScriptSubcommand.read(arguments, session, &context) {
        case .exists:
            context.reply.array(arguments.count - 2)
            for index in 2..<arguments.count {
                context.reply.integer(NativeScript.known[arguments.text(index).lowercased()] == nil ? 0 : 1)
            }
        case .load:
            let digest = digest(of: arguments[2])
            guard NativeScript.known[digest] != nil else { return context.fail(noLua) }
            context.reply.bulk(digest)
        case .flush:
            guard arguments.endWithFlushMode(after: 2) else {
                return context.fail("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
            }
            // What is known stays known.
            context.reply.ok()
        case .kill: context.fail("NOTBUSY No scripts in execution right now.")
        case .debug: context.fail(noLua)
        case nil: break
        }
    }
}

extension ClientSession {
    /// Executes a command of a script, in the exclusive turn, if the user may.
    mutating func call(_ words: NativeScript.Words, _ context: inout ServingContext) throws(ScriptFailure)
        -> ScriptValue
    {
        let encoded = InlineRequest.encode(words)
        var batch = context.queuedBatch.take() ?? CommandBatch(context.denylist)
        batch.fill(from: encoded.span.bytes, at: 0, by: queuedParser(context), in: database)
        precondition(batch.count == 1, "a script's command was a request")
        let start = context.reply.count
        runIfAllowed(batch.command(0), batch.arguments(of: 0, in: encoded.span.bytes), &context)
        context.queuedBatch = consume batch
        defer { context.reply.truncate(to: start) }
        // What is left of a reply that was cut off is no value.
        guard !context.reply.hasOverflowed else { throw ScriptFailure("ERR the script's replies are too long") }
        return try ScriptValue(reply: context.reply.bytes[start...])
    }

    private mutating func runIfAllowed(_ tag: Int, _ arguments: Arguments, _ context: inout ServingContext) {
        let command = context.commands.commands[tag]
        guard mayRun(tag, "\(command.name)", of: command, arguments, &context) else { return }
        tellOf(command, arguments, isOfScript: true, context)
        run(tag, arguments, &context)
    }
}

enum ScriptSubcommand: String, Subcommand {
    case debug, exists, flush, kill, load

    static let family = SubcommandFamily.script
    static let flags: Command.Flags = .noScript
    static let categories = CommandCategory(named: "scripting".utf8)!
    static let group = "scripting"
    static let usualPrivilege = SubcommandRule.Privilege.none

    var rule: SubcommandRule {
        switch self {
        case .debug: makeRule(3, "Is refused: there is no Lua.", since: "3.2.0", "(YES | SYNC | NO)")
        case .exists: makeRule(-3, "Tells which scripts are known.", since: "2.6.0", "sha1...")
        case .flush: makeRule(-2, "Changes nothing: what is known stays known.", since: "2.6.0", "[ASYNC | SYNC]")
        case .kill: makeRule(2, "Answers that none is running.", since: "2.6.0", flags: [.noScript, .allowBusy])
        case .load:
            makeRule(3, "Gets the SHA-1 of a well-known script.", since: "2.6.0", "script", flags: [.noScript, .stale])
        }
    }
}
