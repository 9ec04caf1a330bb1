import RESP
import Synchronization

/// Talking to the daemon: who one is and how one speaks.
enum ConnectionCommands {
    static func ping(_ arguments: Arguments, _ worker: inout Worker) {
        switch arguments.count {
        case 1: worker.reply.simple("PONG")
        case 2: worker.reply.bulk(arguments[1])
        default: worker.fail("ERR wrong number of arguments for 'ping' command")
        }
    }

    static func quit(_ session: inout ClientSession, _ worker: inout Worker) {
        worker.reply.ok()
        session.isClosing = true
    }

    static func select(_ arguments: Arguments, _ worker: inout Worker) {
        guard let number = arguments[1].parseInteger() else { return worker.failNotAnInteger() }
        guard Int32(exactly: number) != nil else {
            return worker.fail("ERR value is out of range, value must between \(Int32.min) and \(Int32.max)")
        }
        if number == 0 { worker.reply.ok() } else { worker.fail("ERR DB index is out of range") }
    }

    static func auth(_ arguments: Arguments, _ session: inout ClientSession, _ worker: inout Worker) {
        guard arguments.count <= 3 else { return worker.failSyntax() }
        if arguments.count == 2, !worker.daemon.credentials.isPasswordRequired {
            return worker.fail(
                "ERR AUTH <password> called without any password configured for the default user. "
                    + "Are you sure your configuration is correct?")
        }
        let user =
            arguments.count == 3
            ? worker.daemon.credentials.authenticate(name: arguments[1], password: arguments[2])
            : worker.daemon.credentials.authenticateDefault(password: arguments[1])
        guard let user else { return failPassword(&worker) }
        session.become(user)
        worker.reply.ok()
    }

    private static func failPassword(_ worker: inout Worker) {
        worker.fail("WRONGPASS invalid username-password pair or user is disabled.")
    }

    static func reset(_ session: inout ClientSession, _ worker: inout Worker) {
        session.speak(.two, &worker)
        session.become(worker.daemon.credentials.initialUser)
        session.client.details.withLock {
            $0.name = []
            $0.isExemptFromEviction = false
        }
        worker.reply.simple("RESET")
    }

    // MARK: HELLO

    static func hello(_ arguments: Arguments, _ session: inout ClientSession, _ worker: inout Worker) {
        var version: ProtocolVersion?
        if arguments.count > 1 {
            guard let number = arguments[1].parseInteger() else {
                return worker.fail("ERR Protocol version is not an integer or out of range")
            }
            guard let known = ProtocolVersion(rawValue: Int(number)) else {
                return worker.fail("NOPROTO unsupported protocol version")
            }
            version = known
        }
        // As in Redis, options take effect as they are read, whatever is wrong with later ones.
        var index = 2
        while index < arguments.count {
            let left = arguments.count - 1 - index
            if arguments[index].equalsIgnoringCase("auth"), left >= 2 {
                let (account, password) = (arguments[index + 1], arguments[index + 2])
                guard let user = worker.daemon.credentials.authenticate(name: account, password: password) else {
                    return failPassword(&worker)
                }
                session.become(user)
                index += 3
            } else if arguments[index].equalsIgnoringCase("setname"), left >= 1 {
                guard ClientCommands.isValidName(arguments[index + 1]) else {
                    return worker.fail(ClientCommands.invalidName)
                }
                let name = arguments[index + 1].withUnsafeBytes(Array.init)
                session.client.details.withLock { $0.name = name }
                index += 2
            } else {
                return worker.fail(
                    bytes: Array("ERR Syntax error in HELLO option '".utf8)
                        + ClientSession.cut(arguments[index], at: 128)
                        + Array("'".utf8))
            }
        }
        guard session.user != .nobody else {
            return worker.fail(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
                    + "<user> <pass> option can be used to authenticate the client and select the RESP protocol "
                    + "version at the same time")
        }
        if let version { session.speak(version, &worker) }
        introduce(session, &worker)
    }

    /// The field `server` stays `redis`: clients look for it. `INFO server` tells who we are.
    private static func introduce(_ session: borrowing ClientSession, _ worker: inout Worker) {
        worker.reply.map(7)
        worker.reply.bulk("server")
        worker.reply.bulk("redis")
        worker.reply.bulk("version")
        worker.reply.bulk(ServerInformation.redisVersion)
        worker.reply.bulk("proto")
        worker.reply.integer(Int64(session.version.rawValue))
        worker.reply.bulk("id")
        worker.reply.integer(session.client.id)
        worker.reply.bulk("mode")
        worker.reply.bulk("standalone")
        worker.reply.bulk("role")
        worker.reply.bulk("master")
        worker.reply.bulk("modules")
        worker.reply.array(0)
    }
}
