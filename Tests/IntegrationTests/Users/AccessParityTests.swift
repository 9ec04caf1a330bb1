import RevokedServer
import Testing

/// `ACL` word for word: what redis-server 7.0.15 answers, we answer.
@Suite struct AccessParityTests {
    @Test(arguments: ParityPair.Version.allCases)
    func theSameWords(_ version: ParityPair.Version) async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            let pair = try ParityPair(daemon, redis, version)
            for conversation in Self.conversations {
                try pair.run(conversation, exception: Self.exception)
            }
        }
    }

    private static func exception(_ command: WireCommand) -> ParityException {
        switch (command.name, command.word(1)) {
        case ("acl", "genpass") where command.words.count == 2: .sameType
        case ("acl", "genpass") where ["1", "5", "256"].contains(command.word(2)): .sameType
        // What may be a password is in no error of ours.
        case ("acl", "setuser") where command.words.contains { $0.first == UInt8(ascii: "<") }: .sameType
        // Names the server's descriptors and buffers; `theLogIsRedis` compares the rest.
        case ("acl", "log") where command.word(2) != "reset": .sameType
        default: .of(command)
        }
    }

    private static let digest = String(repeating: "0a", count: 32)

    private static let conversations: [[WireCommand]] = [
        ["ACL", "ACL LIST", "ACL USERS", "ACL WHOAMI", "ACL WHOAMI x", "ACL GETUSER default", "ACL GETUSER nope"],
        [
            "ACL FOO", "ACL CAT", "ACL CAT nope", "ACL CAT a b", "ACL USERS x", "ACL LIST x", "ACL GETUSER",
            "ACL HELP x",
        ],
        ["ACL SETUSER", "ACL DELUSER", "ACL DELUSER nope", "ACL DELUSER default", "ACL DELUSER a default"],
        ["ACL GENPASS", "ACL GENPASS 5", "ACL GENPASS 1", "ACL GENPASS 0", "ACL GENPASS 4097", "ACL GENPASS x"],
        ["ACL GENPASS -1", "ACL GENPASS 1 2", "ACL LOAD", "ACL SAVE", "ACL LOAD x", "ACL SAVE x"],
        ["ACL LOG", "ACL LOG 0", "ACL LOG -1", "ACL LOG x", "ACL LOG RESET", "ACL LOG reset x", "ACL LOG 1 2"],
        ["ACL SETUSER a", "ACL LIST", "ACL GETUSER a", "ACL USERS", "ACL DELUSER a", "ACL USERS"],
        [
            "ACL SETUSER b on >x ~a* %R~b* %W~c* %RW~d* %WR~e &ch* +@string", "ACL LIST", "ACL GETUSER b",
            "ACL SETUSER b +@all -@string +get", "ACL GETUSER b", "ACL SETUSER b (+get ~x*) (+@read %R~y* &z)",
            "ACL LIST", "ACL GETUSER b", "ACL SETUSER b clearselectors", "ACL LIST", "ACL SETUSER b reset", "ACL LIST",
        ],
        [
            "ACL SETUSER c +select|0", "ACL LIST", "ACL SETUSER c -select|0", "ACL SETUSER c -@all +config -config|get",
            "ACL LIST", "ACL SETUSER c -@all +CONFIG|GET", "ACL GETUSER c", "ACL SETUSER c -@all +@STRING", "ACL LIST",
        ],
        [
            "ACL SETUSER d %R~a", "ACL SETUSER d %W~a", "ACL GETUSER d", "ACL SETUSER d %R~b %R~b ~b", "ACL GETUSER d",
            "ACL SETUSER d resetkeys allkeys", "ACL SETUSER d ~x",
            "ACL GETUSER d",
            "ACL SETUSER d resetkeys &a &a &b", "ACL GETUSER d", "ACL SETUSER d &* &x", "ACL SETUSER d allchannels",
            "ACL SETUSER d &x", "ACL GETUSER d",
        ],
        [
            "ACL SETUSER e nopass", "ACL GETUSER e", "ACL SETUSER e >p", "ACL GETUSER e", "ACL SETUSER e >p >q",
            "ACL GETUSER e", "ACL SETUSER e <p", "ACL GETUSER e", "ACL SETUSER e <nope", "ACL SETUSER e resetpass",
            WireCommand(text: "ACL SETUSER e #\(digest)"), WireCommand(text: "ACL SETUSER e #\(digest)"),
            "ACL GETUSER e", WireCommand(text: "ACL SETUSER e !\(digest)"),
            WireCommand(text: "ACL SETUSER e !\(digest)"),
            "ACL SETUSER e #abc", "ACL SETUSER e !abc", WireCommand(text: "ACL SETUSER e #\(digest.uppercased())"),
            "ACL SETUSER e >", "ACL GETUSER e", "ACL SETUSER e sanitize-payload", "ACL GETUSER e",
            "ACL SETUSER e skip-sanitize-payload", "ACL LIST",
        ],
        [
            "ACL SETUSER f +foo", "ACL SETUSER f +@foo", "ACL SETUSER f -foo", "ACL SETUSER f +config|foo",
            "ACL SETUSER f -config|foo", "ACL SETUSER f +config|", "ACL SETUSER f +|", "ACL SETUSER f +get|",
            "ACL SETUSER f foo", "ACL SETUSER f %", "ACL SETUSER f %R", "ACL SETUSER f %X~a", "ACL SETUSER f %~a",
            "ACL SETUSER f %RR~a", "ACL SETUSER f ~", "ACL SETUSER f &", "ACL SETUSER f +get)", "ACL SETUSER f +",
            "ACL SETUSER f -", "ACL SETUSER f +@", "ACL SETUSER f -@", "ACL SETUSER f +@all|x",
            "ACL SETUSER f +config|get|x", "ACL SETUSER f +select|a|b", "ACL SETUSER f ", "ACL SETUSER f ON",
            "ACL SETUSER f NoPass", "ACL SETUSER f RESETKEYS", "ACL SETUSER f ~a\\x20b", "ACL SETUSER f ~a\\x00b",
            "ACL SETUSER f \\x20", "ACL SETUSER f on +foo", "ACL LIST",
        ],
        [
            "ACL SETUSER g (+get", "ACL SETUSER g ()", "ACL SETUSER g (+foo)", "ACL SETUSER g ((+get))",
            "ACL SETUSER g (on)", "ACL SETUSER g (>x)", "ACL SETUSER g (+get ~x)", "ACL SETUSER g ( +get )",
            "ACL SETUSER g (+get)x", "ACL SETUSER g (+get) x)", "ACL SETUSER g )", "ACL SETUSER g (allkeys ~x)",
            "ACL SETUSER g (+get ~x) on (", "ACL LIST", "ACL GETUSER g",
        ],
        ["ACL SETUSER a\\x20b on", "ACL SETUSER a\\x00b on", "ACL USERS"],
        [
            "ACL SETUSER h on >pw -@all +get +set +client|id +select ~a* %R~r* %W~w*", "ACL DRYRUN h get a",
            "ACL DRYRUN h get b", "ACL DRYRUN h get w", "ACL DRYRUN h set w 1", "ACL DRYRUN h set w 1 get",
            "ACL DRYRUN h set w 1 ex 5 get", "ACL DRYRUN h set r 1", "ACL DRYRUN h set w get", "ACL DRYRUN h del a",
            "ACL DRYRUN h client id", "ACL DRYRUN h client list", "ACL DRYRUN h client foo", "ACL DRYRUN h client",
            "ACL DRYRUN h get", "ACL DRYRUN h foo x", "ACL DRYRUN h CLIENT ID", "ACL DRYRUN h auth x",
            "ACL DRYRUN nope get a", "ACL DRYRUN", "ACL DRYRUN h", "ACL DRYRUN h client id x",
        ],
        // The connection of a user, with what Redis checks before the rules, and after them.
        [
            "AUTH h bad", "AUTH nope x", "AUTH h pw x", "AUTH h pw", "SET a 1", "GET a", "GET b", "MGET a b", "DEL a",
            "SET w 1 GET", "CLIENT LIST", "CLIENT FOO", "CLIENT", "GET", "FOO", "ACL WHOAMI", "ACL LIST",
            "CONFIG GET x", "CLIENT ID", "FLUSHALL", "PING", "SELECT 0", "HELLO 2 AUTH h bad", "HELLO 2 AUTH default x",
            "ACL WHOAMI",
        ],
        [
            "ACL SETUSER i on nopass", "AUTH i anything", "PING", "AUTH default x", "ACL SETUSER i off", "AUTH i x",
            "ACL SETUSER i on resetpass", "AUTH x", "CLIENT KILL USER nosuchuser", "CLIENT KILL USER i",
        ],
    ]

    /// Names, counts and reasons of `ACL LOG`.
    @Test func theLogIsRedis() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            let administrators = try ParityPair(daemon, redis)
            try administrators.run(["ACL", "SETUSER", "u", "on", ">pw", "~a", "+get", "+acl|whoami"])
            let user = try ParityPair(daemon, redis)
            for command: WireCommand in [
                "AUTH u pw", "GET b", "DEL a", "GET b", "CLIENT LIST", "GET c", "AUTH u bad", "AUTH nope bad",
                "HELLO 3 AUTH u bad", "DEL a", "GET b", "FLUSHALL", "CONFIG SET a b",
            ] { try user.run(command) }
            let (ours, theirs) = (try Self.log(administrators.ours), try Self.log(administrators.theirs))
            #expect(ours.count == 9)
            // A name that is no user's may be a password: ours does not show it.
            #expect(ours == theirs.map { $0.map { $0.replacing("$4\\r\\nnope", with: "$9\\r\\n(unknown)") } })
            #expect(ours.contains { $0.contains { $0.contains("(unknown)") } })
            try administrators.run([["ACL", "LOG", "RESET"], ["ACL", "LOG"]])
        }
    }

    /// Each entry without the age and the connection, which are not the same.
    private static func log(_ socket: TestSocket) throws -> [[String]] {
        try ReplyFrame.elements(of: socket.command(["ACL", "LOG", "100"])).map { entry in
            let fields = try ReplyFrame.elements(of: entry).map { readable($0) }
            #expect(fields.count == 14)
            return Array(fields.prefix(11)) + [fields[12]]
        }
    }
}
