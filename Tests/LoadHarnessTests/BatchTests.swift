import Testing

@testable import LoadHarness

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

    @Test func memcachedHasNoCheck() {
        #expect(Workload.check.mix(in: .memcached, lifetime: 60) == nil)
        #expect(Workload.mix.mix(in: .memcached, lifetime: 60)?.count == 2)
    }

    @Test(arguments: [1, 16, 64])
    func aMixHasItsExactProportion(inFlight: Int) throws {
        let mix = try #require(Workload.mix.mix(in: redis, lifetime: 60))
        let plan = LoadPlan(mix: mix, inFlight: inFlight, keys: .random(below: 10), end: .requests(1), server: 0)
        let batches = Batch.all(of: plan)
        #expect(batches.allSatisfy { $0.replyEnds.count == inFlight && $0.keys.count == inFlight })
        let replies = batches.map { String(decoding: $0.replies, as: UTF8.self) }.joined()
        #expect(replies.split(separator: "\r\n").count { $0 == "+OK" } == inFlight)
        #expect(replies.split(separator: "\r\n").count { $0 == ":1" } == inFlight * 19)
    }
}
