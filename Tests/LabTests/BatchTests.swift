import Testing

@testable import Lab

@Suite struct BatchTests {
    private let redis = Dialect.redis(epoch: "0f7c")

    @Test func aTemplateKnowsItsKeys() throws {
        let check = try #require(redis.template(.check, lifetime: 60))
        #expect(check.keys.map(\.isLive) == [true, false, false])
        let text = String(decoding: check.bytes, as: UTF8.self)
        #expect(text.hasPrefix("*5\r\n$4\r\nMGET\r\n$48\r\nrevoked:jti:x"))
        for key in check.keys {
            let found = check.bytes[key.offset..<key.offset + KeySpace.uuidLength]
            #expect(String(decoding: found, as: UTF8.self) == KeySpace.placeholder)
        }
    }

    @Test func aCheckOfEveryScopeHasOneKeyOfEachAndTheEpoch() throws {
        let check = try #require(redis.template(.check7, lifetime: 60))
        #expect(check.keys.map(\.isLive) == [true, false, false])
        let keys = String(decoding: check.bytes, as: UTF8.self).split(separator: "\r\n").filter { $0.hasPrefix("rev") }
        let scopes = keys.map { $0.split(separator: ":").dropFirst().first ?? $0 }
        #expect(scopes == ["jti", "sid", "sub", "client", "kid", "all", "revoked.epoch"])
        let reply = String(decoding: check.reply, as: UTF8.self)
        #expect(reply == "*7\r\n$6\r\nlogout\r\n" + String(repeating: "$-1\r\n", count: 5) + "$4\r\n0f7c\r\n")
    }

    @Test func memcachedHasNoCheck() {
        #expect(Workload.check.mix(in: .memcached, lifetime: 60) == nil)
        #expect(Workload.check7.mix(in: .memcached, lifetime: 60) == nil)
        #expect(Workload.mix.mix(in: .memcached, lifetime: 60)?.count == 2)
    }

    @Test(arguments: [1, 16, 64])
    func aMixHasItsExactProportion(inFlight: Int) throws {
        let mix = try #require(Workload.mix.mix(in: redis, lifetime: 60))
        let plan = LoadPlan(mix: mix, inFlight: inFlight, keys: .random(below: 10), end: .requests(1), server: 0)
        let batches = Batch.all(of: plan)
        try #require(!batches.isEmpty)
        #expect(batches.allSatisfy { $0.operations.count == inFlight && $0.keys.count == inFlight })
        let replies = batches.map { String(decoding: $0.replies, as: UTF8.self) }.joined()
        #expect(replies.split(separator: "\r\n").count { $0 == "+OK" } == inFlight)
        #expect(replies.split(separator: "\r\n").count { $0 == ":1" } == inFlight * 19)
    }

    @Test func anyShareIsExactToo() throws {
        let mix = Array(zip([Operation.setex, .existsHit, .existsMiss], [3, 48, 49])).map { operation, percent in
            (template: redis.template(operation, lifetime: 60)!, percent: percent)
        }
        let plan = LoadPlan(mix: mix, inFlight: 7, keys: .random(below: 10), end: .requests(1))
        let operations = Batch.all(of: plan).flatMap(\.operations)
        try #require(!operations.isEmpty)
        for (index, entry) in mix.enumerated() {
            #expect(operations.count { $0 == index } * 100 == operations.count * entry.percent)
        }
    }

    @Test func aPartOfABatchKnowsItsBytesKeysAndReplies() throws {
        let mix = try #require(Workload.mix.mix(in: redis, lifetime: 60))
        let plan = LoadPlan(mix: mix, inFlight: 16, keys: .random(below: 10), end: .requests(1))
        let batches = Batch.all(of: plan)
        try #require(!batches.isEmpty)
        for batch in batches {
            for slot in 0..<16 {
                let template = mix[batch.operations[slot]].template
                #expect(Array(batch.bytes[batch.byteOffsets[slot]..<batch.byteOffsets[slot + 1]]) == template.bytes)
                #expect(Array(batch.replies[batch.replyOffsets[slot]..<batch.replyOffsets[slot + 1]]) == template.reply)
                let keys = batch.keys[batch.keyOffsets[slot]..<batch.keyOffsets[slot + 1]]
                #expect(keys.map { $0.offset - batch.byteOffsets[slot] } == template.keys.map(\.offset))
            }
        }
    }

    @Test func threadsShareEverything() {
        var plan = LoadPlan(
            mix: [(redis.template(.setex, lifetime: 60)!, 100)], pace: .openLoop(requestsPerSecond: 900),
            connections: 50, keys: .each(10..<1011), end: .requests(1000))
        plan.inFlight = 4
        let parts = plan.split(into: 3)
        #expect(parts.map(\.connections).reduce(0, +) == 50)
        var keys: [Int] = []
        var requests = 0
        var rates: [Double] = []
        for part in parts {
            if case .each(let range) = part.keys { keys += range }
            if case .requests(let count) = part.end { requests += count }
            if case .openLoop(let rate) = part.pace { rates.append(rate) }
        }
        #expect(keys == Array(10..<1011))
        #expect(requests == 1000)
        #expect(rates == [300, 300, 300])
    }
}
