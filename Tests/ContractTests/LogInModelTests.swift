import Contract
import TestSupport
import Testing

/// A log-in that ended before a cut-off began is dead with all that was refreshed from it; one that began after its
/// acknowledgement lives: in every order of all their commands.
@Suite struct LogInModelTests {
    /// What a search has seen.
    private struct Findings {
        var histories = 0
        var violations: Set<String> = []
        /// Histories in which the refresh brought a token.
        var refreshes = 0
        /// Histories in which a log-in had ended when a cut-off began.
        var deaths = 0
    }

    /// Every order, and with each question for the time both that none has passed and that a millisecond has.
    private func search(_ model: LogInModel, into findings: inout Findings) throws {
        let actors = model.actors
        guard !actors.isEmpty else {
            findings.histories += 1
            findings.violations.formUnion(model.violations())
            if model.refresh?.token != nil { findings.refreshes += 1 }
            let ends = model.logIns.compactMap(\.ended)
            if model.cutOffs.contains(where: { cutOff in ends.contains { $0 < cutOff.begun ?? 0 } }) {
                findings.deaths += 1
            }
            return
        }
        for actor in actors {
            for passed: Int64 in model.asksForTime(actor) ? [0, 1] : [0] {
                var next = model
                next.pass(passed)
                try next.advance(actor)
                try search(next, into: &findings)
            }
        }
    }

    private static let scopes: [Scope] = [.subject("subject"), .client("client"), .all]

    @Test(arguments: scopes, [nil, 0, 1] as [Int64?])
    func aRefreshNeverStepsOverACutOff(scope: Scope, held: Int64?) throws {
        var findings = Findings()
        try search(LogInModel(logIns: 1, refreshes: true, cutOffs: [scope], held: held), into: &findings)
        #expect(findings.violations == [])
        #expect(findings.histories > 400)
        #expect(findings.refreshes > 100)
        #expect(findings.deaths > 100)
    }

    @Test(arguments: scopes)
    func logInsBesideACutOffAreJudgedByTheirOrder(scope: Scope) throws {
        var findings = Findings()
        try search(LogInModel(logIns: 2, refreshes: false, cutOffs: [scope], held: nil), into: &findings)
        #expect(findings.violations == [])
        #expect(findings.histories > 1_000)
    }

    @Test func twoCutOffsOfDifferentScopesPushNoLogInOverOneAnother() throws {
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            var findings = Findings()
            try search(
                LogInModel(
                    logIns: 1, refreshes: false, cutOffs: [Self.scopes[one], Self.scopes[other]], held: nil),
                into: &findings)
            #expect(findings.violations == [])
            #expect(findings.histories > 1_000)
        }
    }

    /// Longer histories than can be searched: chosen by chance, from one seed.
    @Test func longHistoriesToo() throws {
        var random = SeededGenerator(seed: 20_261_128)
        var violations: Set<String> = []
        for _ in 0..<4_000 {
            let scopes = (0..<3).map { _ in Self.scopes[Int(random.next() % 3)] }
            var model = LogInModel(
                logIns: 3, refreshes: true, cutOffs: scopes,
                held: random.next() % 2 == 0 ? nil : Int64(random.next() % 4))
            while let actor = model.actors.randomElement(using: &random) {
                if model.asksForTime(actor) { model.pass(Int64(random.next() % 3)) }
                try model.advance(actor)
            }
            violations.formUnion(model.violations())
        }
        #expect(violations == [])
    }

    /// Each rule is needed: without it the search finds a token that lives too long, or dies too soon.
    @Test(arguments: LogInModel.Fault.allCases)
    func withoutARuleTheSearchFindsAToken(fault: LogInModel.Fault) throws {
        var findings = Findings()
        try search(
            LogInModel(logIns: 1, refreshes: true, cutOffs: [.subject("subject")], held: nil, fault: fault),
            into: &findings)
        try search(
            LogInModel(
                logIns: 1, refreshes: false, cutOffs: [.client("client"), .subject("subject")], held: nil, fault: fault),
            into: &findings)
        #expect(findings.violations != [])
    }
}
