import Denylist
import RESP
import Synchronization
import Testing

@testable import RevokedServer

@Suite struct SessionTests {
    private static let conversations: [[UInt8]] = [
        encode(["SETEX", "revoked:jti:a", "100", "logout"]) + encode(["MGET", "revoked:jti:a", "k"]) + encode(["PING"])
            + Array("ECHO \"a b\"\r\n\r\n*0\r\nGET\r\n".utf8) + encode(["HELLO", "3", "SETNAME", "me"])
            + encode(["GET", "k"])
            + encode(["FOO", "\r\n", ""]) + encode(["DEL", "revoked:jti:a"]) + encode(["QUIT"]) + encode(["PING"]),
        encode(["SET", "k", "\r\n*1\r\n$4\r\nPING\r\n"]) + encode(["GET", "k"]) + Array("*1\r\n!".utf8)
            + encode(["PING"]),
        encode(["PING"]) + Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$-5\r\n".utf8) + encode(["PING"]),
        encode(["PING"]) + Array("PING \"\r\n".utf8) + encode(["PING"]),
        encode(["PING"]) + Array("*1\r\n$4\r\nPIN".utf8),
    ]

    @Test(arguments: conversations.indices)
    func anySplitGivesTheSameReplies(_ index: Int) {
        let bytes = Self.conversations[index]
        let expected = SessionBench().converse([bytes])
        #expect(!expected.isEmpty)
        #expect(SessionBench().converse(bytes.map { [$0] }) == expected)
        for cut in 0...bytes.count {
            let replies = SessionBench().converse([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(replies == expected, "cut at \(cut): \(text(replies))")
        }
        for size in [2, 3, 7, 16, 61] {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min(bytes.count, $0 + size)])
            }
            #expect(SessionBench().converse(pieces) == expected, "pieces of \(size)")
        }
    }

    /// More requests than one batch takes, and requests with more arguments than one batch takes.
    @Test func longPipelinesAreAnsweredInOrder() {
        let count = 1000
        let pipeline = (0..<count).flatMap { encode(["ECHO", "\($0)"]) }
        let replies = text(SessionBench().converse([pipeline]))
        #expect(replies == (0..<count).map { "$\("\($0)".count)\r\n\($0)\r\n" }.joined())
        let wide = encode(["EXISTS"] + (0..<3000).map { "k\($0)" })
        #expect(text(SessionBench().converse([wide + wide + encode(["PING"])])) == ":0\r\n:0\r\n+PONG\r\n")
    }

    /// Reads of several clients, cut anywhere: all are prepared before the first is executed, as the reactor does.
    @Test func readsThatArePreparedTogetherAnswerAsOneByOne() {
        var state: UInt64 = 11
        func draw(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        var prepared = (yes: 0, no: 0)
        for _ in 0..<100 {
            let (together, apart) = (SessionBench.daemon(), SessionBench.daemon())
            let clients = (0..<4).map { _ in (together: SessionBench(together), apart: SessionBench(apart)) }
            for _ in 0..<10 {
                let reads = clients.map { _ -> [UInt8] in
                    let bytes = (0..<(1 + draw(8))).flatMap { _ -> [UInt8] in
                        let key = "revoked:jti:0190a5f2-7c3e-7b1a-9f00-00000000000\(draw(3))"
                        switch draw(8) {
                        case 0: return encode(["SETEX", key, "100", "logout"])
                        case 1: return encode(["DEL", key, "k"])
                        case 2: return encode(["SET", "k", "\(draw(100))"])
                        case 3: return Array("GET k\r\n".utf8)
                        default: return encode(["MGET", key, "k", "revoked:all"])
                        }
                    }
                    // The rest never comes; the next read completes the request with something else.
                    return draw(4) == 0 ? Array(bytes.dropLast(draw(5))) : bytes
                }
                let arePrepared = zip(clients, reads).map { $0.together.prepare($1) }
                for index in clients.indices {
                    if arePrepared[index] { prepared.yes += 1 } else { prepared.no += 1 }
                    let (one, other) = (
                        clients[index].together.receive(reads[index], isPrepared: arePrepared[index]),
                        clients[index].apart.receive(reads[index])
                    )
                    #expect(text(one.reply) == text(other.reply))
                    #expect(one.outcome == other.outcome)
                }
            }
        }
        #expect(prepared.yes > 0 && prepared.no > 0)
    }

    /// Requests of one read answer and count as by themselves.
    @Test func runsAnswerAsOneByOne() {
        var state: UInt64 = 7
        func draw(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        let uuid = "0190a5f2-7c3e-7b1a-9f00-0000000000"
        let keys = (10..<40).map { number in
            switch number % 5 {
            case 0: "plain\(number)"
            case 1: ["revoked:sub:user\(number)", "", "revoked:jti:\(uuid)-\(number % 10)"][number % 3]
            case 2: "revoked:jti:\(uuid)\(number)".uppercased()
            default: "revoked:jti:\(uuid)\(number)"
            }
        }
        for _ in 0..<300 {
            let requests = (0..<(1 + draw(150))).map { _ in
                let key = keys[draw(keys.count)]
                switch draw(20) {
                // The last does not fit into a slot's field: such a key is stored in full.
                case 0: return ["SETEX", key, "100", "logout"]
                case 1: return ["SET", "plain10", "v", "PXAT", "4398046511104000"]
                case 2: return ["DEL", key]
                case 3: return ["EXISTS", key, keys[0]]
                case 4: return [["GET", key], ["TOUCH", key], ["exists", key], ["EXISTS"], ["FOO", key]][draw(5)]
                default: return ["EXISTS", key]
                }
            }
            let (together, apart) = (SessionBench(), SessionBench())
            let replies = together.converse([requests.flatMap(encode)])
            #expect(text(replies) == text(apart.converse(requests.map(encode))))
            #expect(counts(together) == counts(apart))
        }
    }

    private func counts(_ bench: SessionBench) -> [Int] {
        let totals = bench.daemon.counters.totals
        let slots: [CounterSlot] = [.plainHits, .plainMisses, .guardedHits, .guardedMisses, .allErrors]
        return slots.map { totals[$0] } + (0..<CounterSlot.maximumCommands).map { totals[.calls($0)] }
    }

    @Test func runsAreRefusedToNobody() {
        let bench = SessionBench { $0.password = "secret" }
        let refusal = "-NOAUTH Authentication required.\r\n"
        let exists = encode(["EXISTS", "k"])
        #expect(text(bench.converse([exists + exists])) == refusal + refusal)
        #expect(text(bench.converse([encode(["AUTH", "secret"]) + exists + exists])) == "+OK\r\n:0\r\n:0\r\n")
        #expect(text(bench.converse([exists + encode(["RESET"]) + exists])) == ":0\r\n+RESET\r\n" + refusal)
    }

    @Test func afterTheEndNothingIsExecuted() {
        for last in [encode(["QUIT"]), Array("*x\r\n".utf8), Array("\"\r\n".utf8)] {
            let bench = SessionBench()
            _ = bench.converse([last + encode(["SET", "k", "v"])])
            #expect(bench.isClosed)
            let after = bench.receive(encode(["SET", "k", "v"]))
            #expect(after.reply.isEmpty && after.outcome == .closing)
            #expect(bench.daemon.denylist.statistics.entries == 1, "the epoch alone")
        }
    }

    // MARK: Pauses

    @Test func bigRepliesPauseItAndItGoesOn() {
        let bench = SessionBench()
        let value = String(repeating: "v", count: 100_000)
        #expect(bench.ask("SET", "k", value) == "+OK\r\n")
        let one = "$100000\r\n\(value)\r\n".utf8.count
        let count = 50
        let gets = (0..<count).flatMap { _ in encode(["GET", "k"]) } + Array("*1\r\n$4\r\nPI".utf8)
        var (reply, outcome) = bench.receive(gets)
        var (total, pauses) = (reply.count, 0)
        while outcome == .paused {
            #expect(reply.count <= ClientSession.replyPause + one, "a step writes no more than it has to")
            pauses += 1
            (reply, outcome) = bench.resume()
            total += reply.count
        }
        #expect(total == count * one && pauses >= 10)
        // What is unfinished waits.
        #expect(bench.converse([Array("NG\r\n".utf8)]) == Array("+PONG\r\n".utf8))
    }

    /// What arrives while it is paused is executed behind what waits.
    @Test func orderIsKeptOverAPause() {
        let bench = SessionBench()
        #expect(bench.ask("SET", "k", String(repeating: "v", count: 300_000)) == "+OK\r\n")
        let first = bench.receive(encode(["GET", "k"]) + encode(["ECHO", "a"]))
        #expect(first.outcome == .paused)
        let second = bench.receive(encode(["ECHO", "b"]))
        #expect(second.outcome == .open)
        #expect(text(second.reply) == "$1\r\na\r\n$1\r\nb\r\n")
    }

    @Test func aReplyBeyondTheLimitCloses() {
        let bench = SessionBench { $0.outputLimit = 1 << 20 }
        #expect(bench.ask("SET", "k", String(repeating: "v", count: 300_000)) == "+OK\r\n")
        #expect(bench.receive(encode(["MGET", "k", "k", "k", "k", "k"])).outcome == .closing)
    }

    @Test func waitingInputIsCountedAndForgotten() {
        let bench = SessionBench()
        _ = bench.receive(Array("*2\r\n$4\r\nECHO\r\n$100000\r\n".utf8) + [UInt8](repeating: 0x76, count: 50_000))
        #expect(bench.daemon.counters.waitingInput.load(ordering: .relaxed) > 50_000)
        bench.end()
        #expect(bench.daemon.counters.waitingInput.load(ordering: .relaxed) == 0)
    }

    // MARK: Strangers

    private func unfinished(_ count: Int) -> [UInt8] {
        Array("*2\r\n$4\r\nAUTH\r\n$\(count + 100)\r\n".utf8) + [UInt8](repeating: 0x76, count: count)
    }

    @Test func inputIsCountedForWhoSentIt() {
        let bench = SessionBench { $0.password = "test-password" }
        let counters = bench.daemon.counters
        _ = bench.converse([unfinished(5_000)])
        #expect(counters.strangerInput.load(ordering: .relaxed) > 5_000)
        #expect(counters.waitingInput.load(ordering: .relaxed) == 0)
        #expect(bench.ask("INFO").isEmpty, "it is still part of the argument")
        bench.end()
        #expect(counters.allInput == 0)

        let other = SessionBench { $0.password = "test-password" }
        _ = other.converse([encode(["AUTH", "test-password"]) + unfinished(5_000)])
        #expect(other.daemon.counters.strangerInput.load(ordering: .relaxed) == 0)
        #expect(other.daemon.counters.waitingInput.load(ordering: .relaxed) > 5_000)
        _ = other.converse([[UInt8](repeating: 0x76, count: 100) + Array("\r\n".utf8) + encode(["RESET"])])
        #expect(other.daemon.counters.allInput == 0)
        _ = other.converse([unfinished(5_000)])
        #expect(other.daemon.counters.strangerInput.load(ordering: .relaxed) > 5_000)
    }

    /// Others that have not authenticated hold all that they may: whoever adds to it goes. What a log-in takes is let
    /// in, and clients with a password notice nothing.
    @Test func strangersShareASmallBound() {
        func bench() -> SessionBench {
            let bench = SessionBench {
                $0.password = "test-password"
                $0.maximumMemory = 64 << 20
            }
            #expect(bench.daemon.memory.strangerLimit == 4 << 20)
            bench.daemon.counters.strangerInput.wrappingAdd(4 << 20, ordering: .relaxed)
            return bench
        }
        let greedy = bench()
        #expect(text(greedy.converse([unfinished(600)])) == "-ERR Protocol error: unauthenticated bulk length\r\n")
        #expect(greedy.isClosed)
        greedy.end()
        #expect(greedy.daemon.counters.strangerInput.load(ordering: .relaxed) == 4 << 20)

        let modest = bench()
        let login = encode(["AUTH", "test-password"])
        #expect(text(modest.converse(login.map { [$0] })) == "+OK\r\n")
        #expect(modest.converse([unfinished(50_000)]).isEmpty && !modest.isClosed)
    }

    @Test func strangersAreRefusedUntilTheyAuthenticate() {
        let bench = SessionBench { $0.password = "test-password" }
        #expect(bench.ask("PING") == "-NOAUTH Authentication required.\r\n")
        #expect(bench.ask("AUTH", "wrong").hasPrefix("-WRONGPASS"))
        #expect(bench.ask("HELLO", "3").hasPrefix("-NOAUTH HELLO must be called"))
        #expect(bench.ask("AUTH", "test-password") == "+OK\r\n")
        #expect(bench.user.name == "default")
        #expect(bench.ask("PING") == "+PONG\r\n")
    }

    @Test func aStrangersLimitsEndWithAuthenticationInTheSameRead() {
        let wide = encode(["EXISTS"] + (0..<20).map { "k\($0)" })
        let stranger = SessionBench { $0.password = "test-password" }
        #expect(text(stranger.converse([wide])) == "-ERR Protocol error: unauthenticated multibulk length\r\n")
        let known = SessionBench { $0.password = "test-password" }
        #expect(text(known.converse([encode(["AUTH", "test-password"]) + wide])) == "+OK\r\n:0\r\n")
        // And come back with RESET.
        #expect(text(known.converse([encode(["RESET"]), wide])).contains("unauthenticated multibulk length"))
    }
}
