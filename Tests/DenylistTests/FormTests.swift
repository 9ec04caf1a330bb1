import TestSupport
import Testing

@testable import Denylist

/// Whatever form a key or a value is kept in, it comes back byte for byte.
@Suite struct FormTests {
    static let uuid = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

    static let keys: [String] = [
        "revoked:jti:\(uuid)", "revoked:jti:\(uuid.uppercased())", "revoked:sid:\(uuid)",
        "revoked:jti:0A1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",  // both cases
        "revoked:jti:01234567-8901-2345-6789-012345678901",  // no letter
        "revoked:jti:0a1b2c3d-4e5f-6071-8293+a4b5c6d7e8f9", "revoked:jti:0a1b2c3d+4e5f-6071-8293-a4b5c6d7e8f9",
        "revoked:jti:0a1b2c3g-4e5f-6071-8293-a4b5c6d7e8f9", "revoked:jti:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f/",
        "revoked:jti:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f:", "revoked:jti:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f@",
        "revoked:jti:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f`", "revoked:jti:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8fG",
        "revoked:jti:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e\u{E9}", "revoked:jti:\(uuid)0", "revoked:jti:\(uuid.dropLast())",
        "Revoked:jti:\(uuid)", "revoked:JTI:\(uuid)", "revoked:sub:\(uuid)", uuid, "revoked:jti:", "revoked:", "",
        "revoked:customer-portal:jti:\(uuid)", "revoked:customer-Portal:jti:\(uuid)", "k", "k\0", "k\0\0", "\0",
    ]

    static let values: [[UInt8]] =
        [
            "", "logout", "Logout", "logout\0", "1", "a", "0123456789012345678901234567890",
            "01234567890123456789012345678901", "rotated:1700000000000:\(uuid)",
            "rotated:1700000000000:\(uuid.uppercased())",
            "rotated:0:\(uuid)", "rotated:00:\(uuid)", "rotated:01:\(uuid)", "rotated::\(uuid)",
            "rotated:99999999999999:\(uuid)",
            "rotated:999999999999999:\(uuid)", "rotated:-1:\(uuid)", ":1:\(uuid)", "1:1:\(uuid)", "other:1:\(uuid)",
            "rotated:1:\(uuid)x", "rotated 1:\(uuid)", "1:\(uuid)", ":\(uuid)", uuid,
            "rotated:1:0A1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
        ].map { Array($0.utf8) } + [[0], [255, 0, 128], [UInt8](repeating: 7, count: 1 << 20)]
        + (440...520).map { [UInt8](repeating: UInt8($0 & 255), count: $0) }

    private func make() -> Denylist {
        .make { $0.compactPrefixes += [Array("revoked:customer-portal:jti:".utf8)] }
    }

    /// A look-up of several keys takes each in two parts. With an expiry that does not fit into a slot, keys are stored
    /// in full.
    @Test(arguments: [Expiry.never, 1 << 50]) func aKeyIsFoundWhereverItIsCut(_ expiry: Int64) {
        let denylist = make()
        for key in Self.keys { denylist.set(Array(key.utf8), Array(key.utf8), expiry: expiry) }
        for key in Self.keys.map({ Array($0.utf8) }) {
            for cut in 0...key.count {
                var found: [[UInt8]] = []
                let isRead = denylist.keys.readTogether(at: .start) { batch in
                    batch.add(key.span.bytes.extracting(first: cut), key.span.bytes.extracting(droppingFirst: cut))
                } _: { _, value in
                    found.append(value.bytes)
                    return false
                }
                #expect(isRead && found == [key], "\(String(decoding: key, as: UTF8.self)) cut at \(cut)")
            }
        }
    }

    @Test func everyKeyHoldsEveryValue() {
        let denylist = make()
        for (number, value) in Self.values.enumerated() {
            for key in Self.keys { denylist.set(Array(key.utf8), value, expiry: 1_800_000_000_000 + Int64(number)) }
            for key in Self.keys {
                let found = denylist.get(Array(key.utf8))
                #expect(found?.value == value, "\(key)")
                #expect(found?.expiry == 1_800_000_000_000 + Int64(number), "\(key)")
            }
            #expect(denylist.statistics.entries == Self.keys.count)
        }
    }

    /// Every character in every place of a compact key: whichever form it then has, the key comes back from a scan.
    @Test func everyCharacterInEveryPlaceComesBack() {
        let denylist = make()
        var generator = SeededGenerator(seed: 12)
        var keys: Set<[UInt8]> = []
        for place in 0..<48 {
            for character in UInt8.min...UInt8.max {
                let uuid = randomUUID(&generator)
                var key = Array("revoked:jti:".utf8) + Array((character % 2 == 0 ? uuid : uuid.uppercased()).utf8)
                key[place] = character
                keys.insert(key)
                denylist.set(key, [], expiry: Int64.max - 1)
                #expect(denylist.has(key), "character \(character) at \(place)")
            }
        }
        #expect(Set(denylist.everything(at: .start).entries.keys) == keys)
    }

    @Test func keysComeBackFromAScan() {
        let denylist = make()
        for key in Self.keys { denylist.set(key) }
        let found = denylist.everything(at: .start)
        #expect(Set(found.entries.keys) == Set(Self.keys.map { Array($0.utf8) }))
        #expect(found.repeats == 0)
    }

    @Test func keysAreToldApart() {
        let denylist = make()
        for (number, key) in Self.keys.enumerated() {
            for other in Self.keys[number...] { #expect(!denylist.has(other)) }
            denylist.set(key)
        }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 35, 36, 37, 500, 508, 509, 1 << 20])
    func keysMayHaveAnyBytes(_ count: Int) {
        let denylist = make()
        let key = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        denylist.set(key, [1, 0, 2], expiry: Int64.max - 1)
        #expect(denylist.get(key)?.value == [1, 0, 2])
        #expect(denylist.get(key)?.expiry == Int64.max - 1)
        #expect(!denylist.has(key + [0]))
        #expect(denylist.remove(key))
        #expect(!denylist.has(key))
    }

    @Test func valuesThatApplicationsWriteTakeNoRoom() {
        let denylist = make()
        var generator = SeededGenerator(seed: 3)
        let before = denylist.statistics.bytes
        for _ in 0..<30_000 { denylist.set("revoked:jti:" + randomUUID(&generator), "blacklisted") }
        #expect(denylist.statistics.bytes - before < 30_000 * 36)
        let found = denylist.everything(at: .start, step: 1000).entries.values
        #expect(found.count == 30_000)
        #expect(found.allSatisfy { $0.value == Array("blacklisted".utf8) })
    }

    @Test func otherValuesAreKeptInFull() {
        let denylist = make()
        var generator = SeededGenerator(seed: 3)
        var expected: [String: String] = [:]
        for number in 0..<40_000 {
            let key = "revoked:jti:" + randomUUID(&generator)
            expected[key] = "reason \(number / 100)"
            denylist.set(key, expected[key]!)
        }
        for (key, value) in expected { #expect(denylist.get(key) == value) }
    }

    @Test(arguments: ["a:", "revoked:", "a-longer-prefix:"])
    func aKeyIsGuardedIfItHasThePrefix(_ prefix: String) {
        var configuration = Denylist.Configuration()
        configuration.guardedPrefix = Array(prefix.utf8)
        let denylist = Denylist(configuration)
        func isGuarded(_ key: String) -> Bool { denylist.hash(of: Array(key.utf8).span.bytes).isGuarded }
        for rest in ["", "x", "jti:0b5f5b3e-5d0f-4c5e-9d51-2f8f0c1b7a77"] { #expect(isGuarded(prefix + rest)) }
        for cut in 0..<prefix.count { #expect(!isGuarded(String(prefix.prefix(cut)))) }
        for place in prefix.indices {
            var other = prefix
            other.replaceSubrange(place...place, with: "#")
            #expect(!isGuarded(other + "and more of it"))
        }
    }
}
