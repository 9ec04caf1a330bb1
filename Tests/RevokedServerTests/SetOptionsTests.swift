import Denylist
import RESP
import Testing

@testable import RevokedServer

@Suite struct SetOptionsTests {
    /// The options as a short text; nil if the syntax is wrong.
    private static func read(_ words: String, _ owner: SetOptions.Owner) -> String? {
        let bytes = encode(words.split(separator: " ").map(String.init))
        let denylist = Denylist()
        var batch = CommandBatch(denylist.keys)
        batch.fill(from: bytes.span.bytes, at: 0, by: RequestParser())
        let arguments = batch.arguments(of: 0, in: bytes.span.bytes)
        guard let options = SetOptions(arguments, from: owner == .set ? 3 : 2, of: owner) else { return nil }
        let time =
            switch options.time {
            case .none: "none"
            case .keep: "keep"
            case .persist: "persist"
            case .argument(let index, let unit, let isAbsolute): "\(unit) \(isAbsolute ? "at" : "in") \(index)"
            }
        return "\(options.condition) \(time)" + (options.returnsOld ? " get" : "")
    }

    @Test(arguments: [
        ("", "always none"), ("NX", "ifAbsent none"), ("xx", "ifPresent none"), ("GET", "always none get"),
        ("EX 1", "always seconds in 4"), ("px 1", "always milliseconds in 4"), ("EXAT 1", "always seconds at 4"),
        ("PxAt 1", "always milliseconds at 4"), ("KEEPTTL", "always keep"), ("NX NX", "ifAbsent none"),
        ("EX 1 NX GET", "ifAbsent seconds in 4 get"), ("GET XX EX 1", "ifPresent seconds in 6 get"),
        ("EX 1 EX 2", "always seconds in 6"), ("KEEPTTL KEEPTTL", "always keep"), ("IFEQ w", "ifEqual(4) none"),
        ("EX 1 ifne EX GET", "ifDifferent(6) seconds in 4 get"), ("IFEQ NX", "ifEqual(4) none"),
    ])
    func ofSet(_ words: String, _ expected: String) { #expect(Self.read("SET k v \(words)", .set) == expected) }

    @Test(arguments: [
        "NX XX", "XX NX", "EX", "EX 1 PX 1", "EX 1 EXAT 1", "KEEPTTL EX 1", "PX 1 KEEPTTL", "PERSIST", "foo", "NX EX",
        "N", "IFEQ", "IFNE", "IFEQ a IFEQ b", "IFEQ a IFNE b", "NX IFEQ a", "IFEQ a NX", "IFNE a XX", "IFDEQ a",
    ])
    func refusedOfSet(_ words: String) { #expect(Self.read("SET k v \(words)", .set) == nil) }

    @Test(arguments: [
        ("", "always none"), ("NX EX 1", "ifAbsent seconds in 4"), ("XX KEEPTTL", "ifPresent keep"),
    ])
    func ofMsetex(_ words: String, _ expected: String) {
        #expect(Self.read("MSETEX k \(words)", .msetex) == expected)
    }

    @Test(arguments: ["IFEQ a", "GET", "PERSIST", "EX 1 KEEPTTL", "NX XX"])
    func refusedOfMsetex(_ words: String) { #expect(Self.read("MSETEX k \(words)", .msetex) == nil) }

    @Test(arguments: [
        ("", "always none"), ("EX 1", "always seconds in 3"), ("PERSIST", "always persist"),
        ("persist PERSIST", "always persist"), ("PXAT 1", "always milliseconds at 3"),
    ])
    func ofGetex(_ words: String, _ expected: String) { #expect(Self.read("GETEX k \(words)", .getex) == expected) }

    @Test(arguments: ["NX", "GET", "KEEPTTL", "EX", "EX 1 PERSIST", "PERSIST PX 1", "EX 1 PX 1"])
    func refusedOfGetex(_ words: String) { #expect(Self.read("GETEX k \(words)", .getex) == nil) }
}
