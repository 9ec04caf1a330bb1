import Contract
import Testing

@testable import Revocation

/// Where the settings of a process and the denylist's terms differ: each kind says what differs and what to do.
@Suite(.timeLimit(.minutes(1))) struct WantedTermsTests {
    private static let day: Int64 = 86_400_000
    private static let own = "https://own.example"
    private static let other = "https://other.example"

    private func terms(
        _ issuers: [Terms.Issuer] = [.init(name: own, lead: 0, lifetime: 30 * day)], leeway: Int64 = 0
    ) throws -> Terms { try Terms(issuers: issuers, leeway: leeway) }

    private func disagreement(
        with terms: Terms, _ issuers: [RevocationConfiguration.Issuer] = [.init(own)],
        _ change: (inout RevocationConfiguration) -> Void = { _ in }
    ) throws -> String? {
        var configuration = RevocationConfiguration()
        configuration.issuers = issuers
        configuration.issuerLead = .zero
        change(&configuration)
        return try WantedTerms(configuration).disagreement(with: terms)
    }

    private func expect(
        _ message: String?, _ difference: String, run options: String?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let remedy = options.map { ". To change the terms run: revoked terms --backend URL \($0)" } ?? ""
        #expect(
            message == "the denylist's terms and the settings of this process disagree: \(difference)\(remedy)",
            sourceLocation: sourceLocation)
    }

    @Test func whatSufficesIsNoDisagreement() throws {
        let more = try terms(
            [
                .init(name: Self.own, lead: 2_000, lifetime: 60 * Self.day),
                .init(name: Self.other, label: "other", lead: 2_000, lifetime: 60 * Self.day),
            ], leeway: 60_000)
        #expect(try disagreement(with: terms()) == nil)
        #expect(try disagreement(with: more) == nil)
        #expect(try disagreement(with: more, [.init(Self.own), .init(Self.other, label: "other")]) == nil)
        // Who names no label, or no issuer, goes by the terms.
        #expect(try disagreement(with: more, [.init(Self.other)]) == nil)
        #expect(try disagreement(with: more, []) == nil)
        let exactly = try disagreement(with: more, [.init(Self.other, label: "other", lifetime: .seconds(60 * 86_400))])
        {
            $0.issuerLead = .seconds(2)
            $0.leeway = .seconds(60)
        }
        #expect(exactly == nil)
        // An issuer without a name is everyone.
        #expect(try disagreement(with: terms([.init(name: nil, lifetime: 30 * Self.day)])) == nil)
    }

    /// Revocations would be written where no verifier looks.
    @Test func anotherLabel() throws {
        expect(
            try disagreement(with: terms(), [.init(Self.own, label: "own")]),
            "revocations of issuer https://own.example stand without a label, and under the label own here: "
                + "a label stays what it is, change the setting", run: nil)
        let labelled = try terms([.init(name: Self.own, label: "theirs", lifetime: 30 * Self.day)])
        expect(
            try disagreement(with: labelled, [.init(Self.own, label: "own")]),
            "revocations of issuer https://own.example stand under the label theirs, and under the label own here: "
                + "a label stays what it is, change the setting", run: nil)
    }

    /// Revocations would end before the tokens do.
    @Test func aLongerLifetime() throws {
        let difference = "tokens of issuer https://own.example live for up to 2592000 s, and 2592000.001 s here"
        expect(
            try disagreement(with: terms(), [.init(Self.own, lifetime: .milliseconds(30 * Self.day + 1))]), difference,
            run: "--lifetime https://own.example=2592000.001")
        expect(
            try disagreement(with: terms()) { $0.longestRefreshLifetime = .milliseconds(30 * Self.day + 1) },
            difference,
            run: "--lifetime https://own.example=2592000.001")
        expect(
            try disagreement(with: terms()) { $0.maximumTokenLifetime = .milliseconds(30 * Self.day + 1) }, difference,
            run: "--lifetime https://own.example=2592000.001")
        // The terms' only issuer has no name, and neither has ours.
        expect(
            try disagreement(with: terms([.init(name: nil, lifetime: 30 * Self.day)]), []) {
                $0.longestRefreshLifetime = .seconds(31 * 86_400)
            }, "tokens of the only issuer live for up to 2592000 s, and 2678400 s here", run: "--lifetime 2678400")
        // They have several, and which one is meant is unknown.
        let several = try terms([
            .init(name: Self.own, lifetime: Self.day), .init(name: Self.other, label: "o", lifetime: 2 * Self.day),
        ])
        expect(
            try disagreement(with: several, []) { $0.longestRefreshLifetime = .seconds(3 * 86_400) },
            "no token lives for longer than 172800 s, and for 259200 s here: name the issuer in the settings", run: nil)
    }

    /// Cut-offs would not reach as far as a clock may be ahead.
    @Test func aLongerLead() throws {
        expect(
            try disagreement(with: terms()) { $0.issuerLeads = [Self.own: .milliseconds(2_500)] },
            "the lead of issuer https://own.example is 0 s, and 2.5 s here", run: "--lead https://own.example=2.5")
        // Who names no issuer does not know how good its clock is.
        #expect(try disagreement(with: terms(), []) { $0.issuerLead = .seconds(2) } == nil)
    }

    /// Tokens would be accepted after their revocation has ended.
    @Test func aLongerLeeway() throws {
        expect(
            try disagreement(with: terms(leeway: 1_000)) { $0.leeway = .seconds(2) },
            "the leeway is 1 s, and 2 s here", run: "--leeway 2")
    }

    /// Its revocations would stand among those of another issuer, or nowhere.
    @Test func anIssuerThatTheTermsDoNotKnow() throws {
        let difference = "issuer https://other.example is not among theirs"
        expect(
            try disagreement(with: terms(), [.init(Self.other, label: "other", lifetime: .seconds(7_200))]) {
                $0.issuerLead = .seconds(2)
            }, difference,
            run: "--add https://other.example=other --lifetime https://other.example=7200 "
                + "--lead https://other.example=2")
        expect(
            try disagreement(with: terms(), [.init(Self.other)]), difference,
            run: "--add https://other.example=LABEL")
    }

    /// The usual lead is covered by whoever revokes, a longer one by the terms only.
    @Test func aLongerLeadOfAnIssuerWithoutAName() throws {
        let unnamed = try terms([.init(name: nil, lifetime: 30 * Self.day)])
        #expect(try disagreement(with: unnamed, []) { $0.issuerLead = .seconds(2) } == nil)
        expect(
            try disagreement(with: unnamed, []) { $0.issuerLead = .seconds(3) },
            "the lead of the only issuer is 0 s, and 3 s here", run: "--lead 3")
        expect(
            try disagreement(with: terms(), []) { $0.issuerLeads = [Self.other: .milliseconds(2_500)] },
            "the lead of the only issuer is 0 s, and 2.5 s here", run: "--lead 2.5")
    }

    /// Whoever verifies lets iat be two seconds ahead, whoever has written the terms.
    @Test func aCutOffOfNowCoversTheUsualLeadUnderTermsThatSayNone() async throws {
        let store = try await FakeStore { command in
            command[0] == "SETEX" ? .bytes("+OK\r\n") : answerHealthily(command)
        }
        let cases: [(lead: Duration, least: Int64, ahead: Int64)] = [
            (.seconds(2), 0, 2_000), (.zero, 2_000, 2_000), (.zero, 0, 0),
        ]
        for (lead, least, ahead) in cases {
            var settings = configuration()
            settings.issuerLead = lead
            settings.leastCutOffLead = least
            let list = try RevocationList(store.url, configuration: settings)
            try await list.revoke(.subject("s"))
            await list.close()
            let written = try #require(store.commands.last { $0[0] == "SETEX" })
            // By the clock of such a store.
            #expect(written[3] == "\(1_799_999_000_000 + ahead)")
        }
        await store.stop()
    }

    /// Until it is named everyone is the first: a second issuer needs its name.
    @Test func anIssuerThatHasNoNameYet() throws {
        expect(
            try disagreement(
                with: terms([.init(name: nil, lifetime: 30 * Self.day)]),
                [.init(Self.own), .init(Self.other, label: "other")]),
            "their only issuer has no name yet; issuer https://other.example is not among theirs",
            run: "--name https://own.example --add https://other.example=other")
    }

    @Test func severalAreSaidTogetherAndForAShell() throws {
        let name = "it's one"
        expect(
            try disagreement(with: terms([.init(name: name, lifetime: Self.day)]), [.init(name, label: "l")]) {
                $0.longestRefreshLifetime = .seconds(2 * 86_400)
                $0.issuerLead = .seconds(1)
                $0.leeway = .seconds(1)
            },
            "revocations of issuer it's one stand without a label, and under the label l here: "
                + "a label stays what it is, change the setting; the lead of issuer it's one is 0 s, and 1 s here; "
                + "tokens of issuer it's one live for up to 86400 s, and 172800 s here; "
                + "the leeway is 0 s, and 1 s here",
            run: #"--lead 'it'\''s one=1' --lifetime 'it'\''s one=172800' --leeway 1"#)
    }

    // MARK: What comes of it

    private static let shorter = sampleTerms.replacing("2592000000", with: "86400000")

    private static func answer(_ command: [String], terms: String) -> FakeStore.Answer {
        guard case .bytes(let text) = answerHealthily(command) else { return answerHealthily(command) }
        return .bytes(text.replacing(bulk(sampleTerms), with: bulk(terms)))
    }

    /// Nothing is written, no token is issued, and none is clear; a revoked one is still reported.
    @Test(arguments: [shorter, "{}", sampleTerms.replacing(#""v":1"#, with: #""v":2"#)])
    func whoDisagreesVouchesForNothing(terms: String) async throws {
        let store = try await FakeStore { Self.answer($0, terms: terms) }
        var settings = configuration()
        settings.longestRefreshLifetime = .seconds(30 * 86_400)
        let list = try RevocationList(store.url, configuration: settings)
        #expect(await list.verdict(for: token()).unknownCode == .termsDisagree)
        #expect(await list.verdict(of: .session("s")).unknownCode == .termsDisagree)
        #expect(await list.readiness().code == .termsDisagree)
        let preparation = await #expect(throws: RevocationError.self) { try await list.prepare() }
        #expect(preparation?.code == .termsDisagree)
        let revocation = await #expect(throws: RevocationError.self) { try await list.revoke(token()) }
        #expect(revocation?.code == .termsDisagree)
        await #expect(throws: UnknownCause.self) { try await list.issueTime(for: token()) }
        var refresh = token()
        refresh.kind = .refresh
        guard case .unknown(let cause) = try await list.rotate(refresh) else {
            return #expect(Bool(false), "it was exchanged")
        }
        #expect(cause.code == .termsDisagree)
        #expect(!store.commands.contains { ["SETEX", "SET", "EVALSHA"].contains($0[0]) })
        await list.close()
        await store.stop()
    }

    @Test func whatIsRevokedIsToldWhateverTheTerms() async throws {
        let store = try await FakeStore { command in
            guard command[0] == "MGET", command.dropFirst().contains(where: { $0.contains("jti") }) else {
                return Self.answer(command, terms: Self.shorter)
            }
            return .bytes(
                "*\(command.count - 1)\r\n"
                    + command.dropFirst().map { key in
                        key.contains("jti") ? bulk("logout") : key == Epoch.key ? bulk("epoch") : "$-1\r\n"
                    }.joined())
        }
        var settings = configuration()
        settings.longestRefreshLifetime = .seconds(30 * 86_400)
        let list = try RevocationList(store.url, configuration: settings)
        #expect(await list.verdict(for: token()).reason == "logout")
        await list.close()
        await store.stop()
    }

    /// A denylist without terms gets those of the first process, which no other overwrites.
    @Test(arguments: StoreKind.allCases) func theFirstToWriteDecides(kind: StoreKind) async throws {
        guard kind != .memory else { return try await inMemory() }
        try await kind.run { url in
            var settings = liveConfiguration()
            settings.issuers = [.init(Self.own, lifetime: .seconds(86_400))]
            let first = try RevocationList(url, configuration: settings)
            try await first.prepare()
            // It has met the denylist while that had no terms, and begins to write only now.
            let late = try Terms(issuers: [.init(name: Self.own, lifetime: 7 * Self.day)])
            let location = try StoreURL(url).location
            let backend = RedisBackend(
                address: .fixed(location), configuration: liveConfiguration(), logger: LogLines().logger)
            let witness = try await backend.write(terms: late.bytes, over: nil)
            #expect(try Terms(witness.terms ?? []).longestLifetime == Self.day)
            // Nor by who read others before.
            let shrunk = try Terms(issuers: [.init(name: Self.own, lifetime: 1)])
            _ = try? await backend.write(terms: shrunk.bytes, over: late.bytes)
            let held = try await backend.lookUp(Witness.keys)[0]
            #expect(try Terms(held ?? []).longestLifetime == Self.day)
            settings.issuers = [.init(Self.own, lifetime: .seconds(7 * 86_400))]
            let second = try RevocationList(url, configuration: settings)
            let error = await #expect(throws: RevocationError.self) { try await second.prepare() }
            #expect(error?.code == .termsDisagree)
            await first.close()
            await second.close()
            await backend.close()
        }
    }

    private func inMemory() async throws {
        let backend = MemoryBackend(configuration: configuration())
        let (one, two) = (try terms().bytes, try terms(leeway: 1).bytes)
        #expect(try await backend.write(terms: one, over: nil).terms == one)
        #expect(try await backend.write(terms: two, over: nil).terms == one)
        #expect(try await backend.write(terms: two, over: one).terms == two)
        #expect(try await backend.write(terms: one, over: one).terms == two)
    }

    /// An operator changes terms; they only grow, on a stock server, too.
    @Test(arguments: [StoreKind.daemon, .redis]) func anOperatorOnlyLetsThemGrow(kind: StoreKind) async throws {
        try await kind.run { url in
            let administration = try StoreAdministration(url, configuration: liveConfiguration())
            let (small, large) = (try terms(), try terms(leeway: 1_000))
            #expect(try await administration.changeTerms { _, _ in small }.before == nil)
            #expect(try await administration.changeTerms { _, _ in large }.before == small)
            let error = await #expect(throws: RevocationError.self) {
                _ = try await administration.changeTerms { _, _ in small }
            }
            #expect(error?.code == .termsDisagree)
            #expect(error?.message.contains("terms only grow") == true)
            #expect(try await administration.terms() == large)
            await administration.close()
        }
    }
}
