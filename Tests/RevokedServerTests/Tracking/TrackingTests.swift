import Testing

@testable import RevokedServer

/// What is remembered for `CLIENT TRACKING` is bounded, and ends with its client.
@Suite struct TrackingTests {
    private let daemon: Daemon
    private let reader: SessionBench
    private let writer: SessionBench

    init() {
        daemon = SessionBench.daemon { $0.maximumTrackedKeys = 3 }
        (reader, writer) = (SessionBench(daemon), SessionBench(daemon))
        _ = reader.ask("HELLO", "3")
        #expect(reader.ask("CLIENT", "TRACKING", "ON") == "+OK\r\n")
    }

    private func invalidation(_ key: String) -> String {
        ">2\r\n$10\r\ninvalidate\r\n*1\r\n$\(key.utf8.count)\r\n\(key)\r\n"
    }

    @Test func aKeyBeyondTheLimitIsToldOfAndForgotten() {
        for key in ["a", "b", "c"] { _ = reader.ask("GET", key) }
        #expect(reader.mail() == "")
        _ = reader.ask("GET", "d")
        let told = reader.mail()
        #expect(["a", "b", "c", "d"].map(invalidation).contains(told))
        #expect(daemon.tracking.figures.keys == 3)
        #expect(writer.ask("CONFIG", "SET", "tracking-table-max-keys", "1") == "+OK\r\n")
        #expect(daemon.tracking.figures.keys == 1 && reader.mail().contains("invalidate"))
        _ = reader.ask("GET", "e")
        #expect(daemon.tracking.figures.keys == 1)
        #expect(writer.ask("INFO", "stats").contains("tracking_total_keys:1\r\n"))
    }

    /// Until it hears of a change a client believes what it has read: that does not wait behind other messages.
    @Test func invalidationsGoFirst() {
        _ = reader.ask("SUBSCRIBE", "news")
        _ = reader.ask("GET", "a")
        for _ in 0..<3 { #expect(writer.ask("PUBLISH", "news", "x") == ":1\r\n") }
        _ = writer.ask("SET", "a", "1")
        let message = ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n"
        #expect(reader.mail() == invalidation("a") + message + message + message)
        #expect(daemon.mail.bytes == 0)
    }

    /// What was read first is forgotten first, also where the same keys change and are read again and again.
    @Test func theOldestKeysAreForgotten() {
        var table = TrackingTable()
        for number in 0..<5000 {
            table.remember(Array("\(number)".utf8), 1)
            for _ in 0..<3 {
                _ = table.forget(Array("again".utf8))
                table.remember(Array("again".utf8), 1)
            }
        }
        _ = table.forget(Array("again".utf8))
        var victims: Set<[UInt8]> = []
        while let victim = table.nextVictim() {
            if table.forget(victim) == [1] { victims.insert(victim) }
        }
        #expect(victims.count == 5000 && table.keyCount == 0)
    }

    /// Long keys fill the memory before there are many.
    @Test func theMemoryOfKeysIsBounded() {
        let daemon = SessionBench.daemon { $0.maximumMemory = 1 << 20 }
        let reader = SessionBench(daemon)
        _ = reader.ask("HELLO", "3")
        _ = reader.ask("CLIENT", "TRACKING", "ON")
        let long = String(repeating: "x", count: 500_000)
        for number in 0..<50 { _ = reader.ask("GET", "\(number)\(long)") }
        let most = daemon.memory.subscriptionLimit / 500_000
        #expect((most - 2...most).contains(daemon.tracking.figures.keys))
    }

    @Test func aClientThatIsGoneIsForgotten() {
        _ = reader.ask("GET", "a")
        let other = SessionBench(daemon)
        _ = other.ask("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "x")
        #expect(daemon.denylist.observers.interest.contains(.tracking))
        reader.end()
        _ = writer.ask("SET", "a", "1")
        #expect(reader.mail() == "")
        other.end()
        #expect(daemon.tracking.figures.clients == 0 && daemon.tracking.figures.prefixes == 0)
        #expect(daemon.denylist.observers.interest.isEmpty)
    }

    private func listening(_ options: String...) -> SessionBench {
        let bench = SessionBench(daemon)
        _ = bench.ask("HELLO", "3")
        #expect(text(bench.converse([encode(["CLIENT", "TRACKING", "ON", "BCAST"] + options)])) == "+OK\r\n")
        return bench
    }

    private func invalidation(_ keys: [String]) -> String {
        ">2\r\n$10\r\ninvalidate\r\n*\(keys.count)\r\n" + keys.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    /// Whoever tracks again may have become somebody who is not told of what it changes itself, or who is.
    @Test func aListenerIsToldOncePerChangeWhateverItsOptionsWere() {
        let (listener, other) = (listening("PREFIX", "a:"), listening("PREFIX", "a:"))
        for (options, hearsItself) in [(["NOLOOP"], false), (["NOLOOP"], false), ([], true), (["NOLOOP"], false)] {
            _ = listener.converse([encode(["CLIENT", "TRACKING", "ON", "BCAST"] + options)])
            #expect(listener.ask("SET", "a:1", "1") == "+OK\r\n")
            #expect(listener.mail() == (hearsItself ? invalidation(["a:1"]) : ""))
            _ = writer.ask("SET", "a:2", "1")
            #expect(listener.mail() == invalidation(["a:2"]))
            #expect(other.mail() == invalidation(["a:1"]) + invalidation(["a:2"]))
        }
        listener.end()
        _ = writer.ask("SET", "a:3", "1")
        #expect(listener.mail() == "" && other.mail() == invalidation(["a:3"]))
        #expect(daemon.tracking.figures.prefixes == 1)
        _ = other.ask("CLIENT", "TRACKING", "OFF")
        #expect(daemon.tracking.figures.prefixes == 0)
    }

    /// As many messages as prefixes, whatever one read changes.
    @Test func theKeysOfAPrefixAreToldTogether() {
        let listener = listening("PREFIX", "a:", "PREFIX", "b:")
        _ = writer.converse([encode(["MSET", "a:1", "1", "b:1", "1", "a:2", "1"]) + encode(["INCR", "a:1"])])
        let told = listener.mail()
        let (ofA, ofB) = (invalidation(["a:1", "a:2"]), invalidation(["b:1"]))
        #expect(told == ofA + ofB || told == ofB + ofA)
        // Long ones do not wait for the end of a transaction.
        let long = (0..<100).map { "a:\($0)" + String(repeating: "x", count: 1000) }
        for words in [["MULTI"]] + long.map({ ["SET", $0, "1"] }) + [["EXEC"]] { _ = writer.converse([encode(words)]) }
        let parts = listener.mail()
        #expect(parts.components(of: "invalidate") > 1 && long.allSatisfy { parts.contains($0) })
    }

    /// What one changes oneself is left out only where nobody else has changed it.
    @Test func ownChangesAreLeftOut() {
        let listener = listening("NOLOOP")
        _ = listener.converse([encode(["MSET", "own", "1", "both", "1"])])
        #expect(listener.mail() == "")
        _ = listener.converse([encode(["MULTI"]) + encode(["SET", "own", "2"]) + encode(["EXEC"])])
        daemon.tracking.changed(Array("both".utf8).span.bytes, by: listener.id)
        daemon.tracking.changed(Array("both".utf8).span.bytes, by: writer.id)
        _ = writer.ask("PING")
        #expect(listener.mail() == invalidation(["both"]))
    }

    /// What the prefixes of all clients take is bounded, and given back.
    @Test func prefixesFindRoomUntilTheMemoryIsFull() {
        let daemon = SessionBench.daemon { $0.maximumMemory = 1 << 20 }
        func track(_ number: Int) -> (bench: SessionBench, reply: String) {
            let bench = SessionBench(daemon)
            let prefixes = (0..<64).flatMap {
                ["PREFIX", "\(number * 64 + $0 + 100_000)" + String(repeating: "x", count: 1_018)]
            }
            return (bench, text(bench.converse([encode(["CLIENT", "TRACKING", "ON", "BCAST"] + prefixes)])))
        }
        let refusal = "-ERR no room for more prefixes: all clients' take what they may of the memory\r\n"
        var benches: [SessionBench] = []
        while benches.count < 1_000 {
            let (bench, reply) = track(benches.count)
            guard reply == "+OK\r\n" else {
                #expect(reply == refusal)
                break
            }
            benches.append(bench)
        }
        #expect((10..<1_000).contains(benches.count))
        #expect(benches.count * 64 * 1_024 < daemon.memory.subscriptionLimit)
        #expect(daemon.tracking.figures.prefixes == benches.count * 64)
        // One that is refused is as it was.
        let late = track(1_000)
        #expect(late.reply == refusal && late.bench.ask("CLIENT", "GETREDIR") == ":-1\r\n")
        #expect(late.bench.ask("CLIENT", "TRACKING", "ON") == "+OK\r\n")
        // A change is told to the one whose prefix it has.
        _ = benches[3].ask("HELLO", "3")
        let key = "\(3 * 64 + 5 + 100_000)" + String(repeating: "x", count: 1_020)
        _ = late.bench.ask("SET", key, "1")
        #expect(benches[3].mail() == invalidation(key))
        benches.removeLast().end()
        #expect(track(2_000).reply == "+OK\r\n")
        for bench in benches { bench.end() }
    }

    /// A change is told of under the lock of its key: a letter for each of a thousand readers would take long, and the
    /// message as often.
    @Test func manyReadersAreToldInOneLetter() {
        let readers = (0..<200).map { _ in SessionBench(daemon, mailbox: reader.client.mailbox) }
        let key = String(repeating: "k", count: 4_000)
        for bench in readers {
            _ = bench.ask("HELLO", "3")
            _ = bench.ask("CLIENT", "TRACKING", "ON")
            _ = bench.ask("GET", key)
        }
        _ = writer.ask("SET", key, "1")
        #expect((4_000..<20_000).contains(daemon.mail.bytes))
        #expect(reader.recipients() == Set(readers.map(\.id)))
        _ = writer.ask("FLUSHALL")
        #expect((1..<4_000).contains(daemon.mail.bytes))
        #expect(reader.recipients() == Set(readers.map(\.id) + [reader.id]))
        #expect(daemon.mail.bytes == 0)
    }

    /// A command that is refused changes nothing of another client.
    @Test func onlyTheTargetOfAClientThatTracksListens() {
        let target = SessionBench(daemon)
        for options in [["PREFIX", "a"], ["OPTIN", "OPTOUT"], ["BCAST", "OPTIN"], ["FOO"]] {
            let words = ["CLIENT", "TRACKING", "ON", "REDIRECT", "\(target.id)"] + options
            #expect(text(writer.converse([encode(words)])).hasPrefix("-ERR"), "\(options)")
            #expect(!target.isListening)
        }
        for _ in 0..<2 {
            #expect(writer.ask("CLIENT", "TRACKING", "ON", "REDIRECT", "\(target.id)") == "+OK\r\n")
        }
        #expect(target.isListening)
        #expect(writer.ask("CLIENT", "TRACKING", "ON", "REDIRECT", "\(reader.id)") == "+OK\r\n")
        #expect(!target.isListening)
        #expect(writer.ask("CLIENT", "TRACKING", "ON", "REDIRECT", "\(target.id)") == "+OK\r\n")
        writer.end()
        #expect(!target.isListening)
    }

    /// One that takes invalidations for others and says goodbye takes none any more, though it is not closed yet.
    @Test func aTargetThatQuitsIsGone() {
        let target = SessionBench(daemon)
        #expect(reader.ask("CLIENT", "TRACKING", "ON", "REDIRECT", "\(target.id)") == "+OK\r\n")
        _ = reader.ask("GET", "k")
        #expect(target.ask("QUIT") == "+OK\r\n")
        _ = writer.ask("SET", "k", "1")
        #expect(reader.mail() == ">2\r\n$21\r\ntracking-redir-broken\r\n:\(target.id)\r\n")
    }

    /// What scripts and subcommands read is remembered, too.
    @Test func everyReadIsRemembered() {
        let left = #"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#
        for words in [
            ["EVAL", left, "1", "k", "other"], ["OBJECT", "ENCODING", "k"], ["MEMORY", "USAGE", "k"], ["STRLEN", "k"],
        ] {
            _ = writer.ask("SET", "k", "1")
            _ = reader.converse([encode(words)])
            #expect(reader.mail() == "", "\(words)")
            _ = writer.ask("SET", "k", "2")
            #expect(reader.mail() == invalidation("k"), "\(words)")
        }
    }

    /// The prefix of all keys beside others: each key is told of once, and what had changed before is told, too.
    @Test func allKeysBesideAPrefix() {
        let listener = listening("PREFIX", "b:", "PREFIX", "a:")
        daemon.tracking.changed(Array("a:0".utf8).span.bytes, by: writer.id)
        #expect(listener.ask("CLIENT", "TRACKING", "ON", "BCAST") == "+OK\r\n")
        #expect(listener.mail() == invalidation(["a:0"]))
        #expect(listener.ask("CLIENT", "TRACKINGINFO").hasSuffix("*3\r\n$0\r\n\r\n$2\r\na:\r\n$2\r\nb:\r\n"))
        for _ in 0..<2 {
            for key in ["a:1", "c:1"] {
                _ = writer.ask("SET", key, "1")
                #expect(listener.mail() == invalidation([key]))
            }
            #expect(listener.ask("CLIENT", "TRACKING", "ON", "BCAST") == "+OK\r\n")
        }
        _ = listener.ask("CLIENT", "TRACKING", "OFF")
        #expect(daemon.tracking.figures.prefixes == 0)
        #expect(listening("PREFIX", "a:").mail() == "")
    }

    /// One that is not told of what it changes takes what it has written for what is there. An earlier cut-off does not
    /// take the place of a later one.
    @Test(arguments: [[], ["BCAST"], ["BCAST", "PREFIX", "revoked:"]])
    func aWriterIsToldThatItsWriteWasMerged(_ options: [String]) {
        let (author, key) = (SessionBench(daemon), "revoked:sub:u")
        _ = author.ask("HELLO", "3")
        _ = author.converse([encode(["CLIENT", "TRACKING", "ON", "NOLOOP"] + options)])
        func write(_ cutOff: Int64, _ lifetime: String) -> String {
            #expect(author.ask("SETEX", key, lifetime, "\(cutOff)") == "+OK\r\n")
            return author.mail()
        }
        let now: Int64 = 1_790_000_000_000
        #expect(write(now - 5_000, "100") == "")
        #expect(write(now, "100") == "" && write(now, "200") == "" && write(now, "50") == "")
        // With the same expiry, and with a later one.
        #expect(write(now - 5_000, "200") == invalidation(key))
        #expect(write(now - 5_000, "300") == invalidation(key))
        #expect(author.ask("MSETEX", "1", key, "\(now - 5_000)", "EX", "100") == ":1\r\n")
        #expect(author.mail() == invalidation(key))
    }

    /// A reader registers before it reads: a write that it has not seen is told of.
    @Test func aWriteInBetweenIsTold() {
        _ = reader.ask("GET", "k")
        _ = writer.ask("SET", "k", "1")
        _ = reader.ask("GET", "k")
        #expect(reader.mail() == invalidation("k"))
        _ = writer.ask("SET", "k", "2")
        #expect(reader.mail() == invalidation("k"))
    }
}

extension String {
    /// How often the word stands in it.
    fileprivate func components(of word: String) -> Int {
        split(separator: word, omittingEmptySubsequences: false).count - 1
    }
}
