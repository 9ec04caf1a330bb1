import RESP
import Synchronization

/// Talking to the daemon: who one is and how one speaks.
enum ConnectionCommands {
    static func ping(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        // A message that tells itself from others.
        if session.hearsOnly, arguments.count <= 2 {
            context.reply.array(2)
            context.reply.bulk("pong")
            return arguments.count == 2 ? context.reply.bulk(arguments[1]) : context.reply.bulk("")
        }
        switch arguments.count {
        case 1: context.reply.simple("PONG")
        case 2: context.reply.bulk(arguments[1])
        default: context.fail("ERR wrong number of arguments for 'ping' command")
        }
    }

    static func quit(_ session: inout ClientSession, _ context: inout ServingContext) {
        context.reply.ok()
        session.isClosing = true
        // Others learn it before the client does: what they tell it from now on would be lost.
        session.client.isEnding.store(true, ordering: .releasing)
    }

    static func auth(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        guard arguments.count <= 3 else { return context.failSyntax() }
        let users = context.daemon.users
        if arguments.count == 2, users.user(.default)?.definition.needsNoPassword == true {
            return context.fail(
                "ERR AUTH <password> called without any password configured for the default user. "
                    + "Are you sure your configuration is correct?")
        }
        let name = arguments.count == 3 ? UserName(arguments[1]) : .default
        let standing = users.authenticate(name, password: arguments[arguments.count - 1])
        guard let standing else { return session.refusePassword(name, arguments, &context) }
        session.become(standing)
        session.endBroadcastsUnlessAllowed(context.daemon)
        context.reply.ok()
    }

    static func reset(_ session: inout ClientSession, _ context: inout ServingContext) {
        if session.modes.contains(.copies) { return context.fail("ERR can only reset normal connections") }
        session.endModes(context.daemon)
        session.endTransaction()
        session.unwatch(context.daemon)
        session.speak(.two, &context)
        session.select(0, &context)
        session.becomeInitial(context.daemon)
        session.client.details.withLock {
            $0.name = []
            $0.isExemptFromEviction = false
        }
        context.reply.simple("RESET")
    }

    // MARK: HELLO

    static func hello(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        var version: ProtocolVersion?
        if arguments.count > 1 {
            guard let number = arguments[1].parseInteger() else {
                return context.fail("ERR Protocol version is not an integer or out of range")
            }
            guard let known = ProtocolVersion(rawValue: Int(number)) else {
                return context.fail("NOPROTO unsupported protocol version")
            }
            version = known
        }
        // As in Redis, options take effect as they are read, whatever is wrong with later ones.
        var index = 2
        while index < arguments.count {
            let left = arguments.count - 1 - index
            if arguments[index].equalsIgnoringCase("auth"), left >= 2 {
                let name = UserName(arguments[index + 1])
                guard let standing = context.daemon.users.authenticate(name, password: arguments[index + 2]) else {
                    return session.refusePassword(name, arguments, &context)
                }
                session.become(standing)
                session.endBroadcastsUnlessAllowed(context.daemon)
                index += 3
            } else if arguments[index].equalsIgnoringCase("setname"), left >= 1 {
                guard ClientCommands.isValidName(arguments[index + 1]) else {
                    return context.fail(ClientCommands.invalidName)
                }
                let name = arguments[index + 1].withUnsafeBytes(Array.init)
                session.client.details.withLock { $0.name = name }
                index += 2
            } else {
                return context.fail(
                    bytes: Array("ERR Syntax error in HELLO option '".utf8)
                        + ClientSession.cut(arguments[index], at: 128)
                        + Array("'".utf8))
            }
        }
        guard session.isAuthenticated else {
            return context.fail(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
                    + "<user> <pass> option can be used to authenticate the client and select the RESP protocol "
                    + "version at the same time")
        }
        if let version { session.speak(version, &context) }
        introduce(session, &context)
    }

    /// The field `server` stays `redis`: clients look for it. `INFO server` tells who we are.
    private static func introduce(_ session: borrowing ClientSession, _ context: inout ServingContext) {
        context.reply.map(7)
        context.reply.bulk("server")
        context.reply.bulk("redis")
        context.reply.bulk("version")
        context.reply.bulk(ServerInformation.redisVersion)
        context.reply.bulk("proto")
        context.reply.integer(Int64(session.version.rawValue))
        context.reply.bulk("id")
        context.reply.integer(session.client.id)
        context.reply.bulk("mode")
        context.reply.bulk("standalone")
        context.reply.bulk("role")
        context.reply.bulk("master")
        context.reply.bulk("modules")
        context.reply.array(0)
    }
}
