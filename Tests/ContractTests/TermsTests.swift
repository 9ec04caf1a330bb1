import Contract
import Testing

/// What all processes of a denylist must agree on, and how it may grow.
@Suite struct TermsTests {
    private static let day: Int64 = 86_400_000
    private static let oneText =
        #"{"issuers":[{"lead":0,"lifetimes":[{"ms":2592000000,"since":0}],"name":"revoked"}],"leeway":0,"v":1}"#
    private static let manyText =
        #"{"issuers":[{"lead":0,"lifetimes":[{"ms":2592000000,"since":0},{"ms":7776000000,"since":1700000000000}],"name":"revoked"},"#
        + #"{"label":"idp","lead":2000,"lifetimes":[{"ms":86400000,"since":0}],"name":"https://idp.example/\"a\\b"}],"leeway":60000,"v":1}"#

    private func one(
        _ name: String? = "revoked", label: String? = nil, lead: Int64 = 0, days: Int64 = 30, leeway: Int64 = 0
    ) throws -> Terms {
        try Terms(
            issuers: [.init(name: name, label: label, lead: lead, lifetime: days * Self.day)], leeway: leeway)
    }

    private func many() throws -> Terms {
        var own = Terms.Issuer(name: "revoked", lifetime: 30 * Self.day)
        own.lengthen(to: 90 * Self.day, since: 1_700_000_000_000)
        let other = Terms.Issuer(name: #"https://idp.example/"a\b"#, label: "idp", lead: 2_000, lifetime: Self.day)
        return try Terms(issuers: [own, other], leeway: 60_000)
    }

    @Test func theTextIsTheDocumentedOne() throws {
        #expect(try one().text == Self.oneText)
        #expect(try many().text == Self.manyText)
        #expect(try one(nil).text == Self.oneText.replacing(#","name":"revoked""#, with: ""))
    }

    @Test func theTextIsReadBack() throws {
        for terms in [try one(), try one(nil), try one("ü", label: "x"), try many()] {
            #expect(try Terms(terms.bytes) == terms)
            #expect(try Terms(terms.bytes).text == terms.text)
        }
    }

    /// Cut short anywhere, or with any one byte changed, it is refused, or says something else in the canonical form.
    @Test func nothingElseIsTakenForIt() throws {
        let bytes = try many().bytes
        for length in 0..<bytes.count {
            #expect(throws: ContractError.self) { try Terms(Array(bytes.prefix(length))) }
        }
        #expect(throws: ContractError.self) { try Terms(bytes + [0x20]) }
        var accepted = 0
        for index in bytes.indices {
            for byte: UInt8 in [0, 0x20, 0x22, 0x30, 0x39, 0x5C, 0x7D, 0xFF] where byte != bytes[index] {
                var changed = bytes
                changed[index] = byte
                guard let terms = try? Terms(changed) else { continue }
                accepted += 1
                #expect(terms.bytes == changed)
            }
        }
        // Digits and letters of names.
        #expect(accepted > 100)
    }

    @Test(arguments: [
        (#""v":1"#, #""v":01"#), (#""v":1"#, #""v":0"#), (#""leeway":0"#, #""leeway":-0"#),
        (#""leeway":0"#, #""leeway":0.0"#), (#""leeway":0"#, #""leeway":60001"#), (#""lead":0"#, #""lead":30001"#),
        (#""ms":2592000000"#, #""ms":0"#), (#""ms":2592000000"#, #""ms":34473600001"#), (#""since":0"#, #""since":1"#),
        (#""since":0"#, #""since":99999999999999999999"#), (#"revoked"#, ""), (#"revoked"#, "a\nb"),
        (#"revoked"#, #"\u0061"#), (#"[{"lead"#, #"[ {"lead"#), (#"{"lead"#, #"{"label":"sid","lead"#),
        (#"{"lead"#, #"{"label":"Own","lead"#), (#"{"lead"#, #"{"other":1,"lead"#),
    ])
    func whatIsNotValidIsRefused(change: (String, String)) throws {
        let text = Self.oneText.replacing(change.0, with: change.1)
        #expect(text != Self.oneText)
        let error = #expect(throws: ContractError.self) { try Terms(Array(text.utf8)) }
        #expect(error?.code == .invalidTerms || error?.code == .invalidIssuerLabel)
    }

    @Test func aLaterVersionIsToldApart() throws {
        let text = Self.oneText.replacing(#""leeway":0,"v":1"#, with: #""other":[],"v":2"#)
        let error = #expect(throws: ContractError.self) { try Terms(Array(text.utf8)) }
        #expect(error?.code == .newerTerms)
    }

    @Test func issuersAreToldApart() throws {
        let own = Terms.Issuer(name: "a", lifetime: 1)
        #expect(throws: ContractError.self) { try Terms(issuers: []) }
        #expect(throws: ContractError.self) {
            try Terms(issuers: [own, .init(name: "a", label: "x", lifetime: 1)])
        }
        #expect(throws: ContractError.self) { try Terms(issuers: [own, .init(name: "b", lifetime: 1)]) }
        #expect(throws: ContractError.self) { try Terms(issuers: [own, .init(name: nil, label: "x", lifetime: 1)]) }
        #expect(throws: ContractError.self) {
            try Terms(
                issuers: (0..<64).map {
                    .init(name: String(repeating: "n", count: 60) + "\($0)", label: "l\($0)", lifetime: 1)
                })
        }
    }

    @Test func anIssuerIsFound() throws {
        #expect(try many().issuer("https://idp.example/\"a\\b")?.label == "idp")
        #expect(try many().issuer("other") == nil)
        #expect(try many().issuer(nil) == nil)
        #expect(try one().issuer(nil)?.name == "revoked")
        #expect(try one().issuer("other") == nil)
        // An issuer without a name stands for all.
        #expect(try one(nil).issuer("whoever") != nil)
    }

    /// A lifetime that is made longer says nothing of the tokens from before: revocations of them were not kept for it.
    @Test func aTokenIsJudgedByTheLifetimeThatHeldWhenItWasIssued() throws {
        let own = try #require(try many().issuer("revoked"))
        #expect(own.longestLifetime == 90 * Self.day)
        for (issuedAt, days) in [(nil, 30), (0, 30), (1_699_999_999_999, 30), (1_700_000_000_000, 90)]
            as [(Int64?, Int64)]
        {
            #expect(own.lifetime(ofTokenIssuedAt: issuedAt) == days * Self.day)
        }
        #expect(try many().longestLifetime == 90 * Self.day)
    }

    @Test func theyGrow() throws {
        let old = try one()
        var longer = old.issuers[0]
        longer.lengthen(to: 60 * Self.day, since: 1_700_000_000_000)
        #expect(longer.lifetimes.count == 2)
        longer.lengthen(to: 60 * Self.day, since: 1_800_000_000_000)
        #expect(longer.lifetimes.count == 2)
        let other = Terms.Issuer(name: "b", label: "b", lifetime: 1)
        for new in [
            old, try one(leeway: 1), try one(lead: 1), try Terms(issuers: [longer]),
            try Terms(issuers: [old.issuers[0], other]),
        ] {
            #expect(old.grows(to: new))
            #expect(new == old || !new.grows(to: old))
        }
        #expect(try one(nil).grows(to: old))
        #expect(try !old.grows(to: one(nil)))
    }

    /// Where there are none yet, nothing is taken back: the first may say less than what is usual.
    @Test func theFirstTermsSayWhatIsAsked() throws {
        var growth = TermsGrowth()
        growth.lifetimes = [(nil, 3_600_000)]
        let first = try growth.applied(to: nil, now: 1)
        #expect(first.issuers.map(\.lifetimes) == [[.init(milliseconds: 3_600_000, since: 0)]])
        let longer = try Terms(issuers: [.init(name: nil, lifetime: 3_600_001)])
        #expect(throws: ContractError.self) { try growth.applied(to: longer, now: 1) }
        growth.added = [("other", "o")]
        growth.lifetimes = [("other", 1_000), ("other", 999)]
        #expect(throws: ContractError.self) { try growth.applied(to: first, now: 1) }
    }

    /// What was revoked while all issuers shared their keys would be looked up elsewhere.
    @Test func anIssuerIsNamedOnlyIfThereWereNoOthers() throws {
        var growth = TermsGrowth()
        growth.name = "first"
        growth.added = [("other", "o")]
        let unnamed = try Terms(issuers: [.init(name: nil, lifetime: Self.day)])
        let error = #expect(throws: ContractError.self) { try growth.applied(to: unnamed, now: 1) }
        #expect(error?.message.contains("--no-others") == true)
        #expect(try growth.applied(to: nil, now: 1).issuers.map(\.name) == ["first", "other"])
        growth.hadNoOthers = true
        #expect(try growth.applied(to: unnamed, now: 1).issuers.map(\.name) == ["first", "other"])
        // It has its name already.
        (growth.hadNoOthers, growth.added) = (false, [])
        let named = try Terms(issuers: [.init(name: "first", lifetime: Self.day)])
        #expect(try growth.applied(to: named, now: 1) == named)
    }

    @Test func theyNeverShrink() throws {
        let old = try many()
        let (own, other) = (old.issuers[0], old.issuers[1])
        var renamed = other
        renamed.name = "b"
        var relabelled = other
        relabelled.label = "b"
        var labelled = own
        labelled.label = "own"
        var shorter = other
        shorter.lead = 1_999
        let once = Terms.Issuer(name: "revoked", lifetime: 90 * Self.day)
        for new in [
            try Terms(issuers: [own], leeway: 60_000), try Terms(issuers: [other, own], leeway: 60_000),
            try Terms(issuers: [own, renamed], leeway: 60_000), try Terms(issuers: [own, relabelled], leeway: 60_000),
            try Terms(issuers: [labelled, other], leeway: 60_000), try Terms(issuers: [own, shorter], leeway: 60_000),
            try Terms(issuers: [once, other], leeway: 60_000), try Terms(issuers: [own, other], leeway: 59_999),
        ] {
            #expect(!old.grows(to: new))
            #expect(old.shrinkage(to: new)?.isEmpty == false)
        }
    }
}
