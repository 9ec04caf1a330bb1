import Testing

@testable import RevokedServer

/// What a client hears that sends what the daemon does not have.
@Suite struct UnknownCommandTests {
    private let bench = SessionBench()

    @Test func theTextIsRedis() {
        #expect(bench.ask("NoSuch", "a") == "-ERR unknown command 'NoSuch', with args beginning with: 'a' \r\n")
    }

    @Test(arguments: [
        ("SADD", "sets", "without tags"), ("ZADD", "sorted sets", "without tags"), ("hset", "hashes", "whole values"),
        ("LPUSH", "lists", "queues"), ("XADD", "streams", "queues"), ("GEOADD", "geographies", "another server"),
        ("PFADD", "counters", "another server"),
    ])
    func otherTypesSayWhatToDo(_ command: String, _ type: String, _ advice: String) {
        let answer = bench.ask(command, "k", "v")
        #expect(answer.hasPrefix("-ERR unknown command '\(command)', with args beginning with: 'k' 'v' - "))
        #expect(answer.contains(" no \(type): ") && answer.contains(advice))
    }
}
