/// The main job as a story: a token revoked on one node is refused on every other.
struct DemoStory: Sendable {
    /// How long something that must come about may take.
    static let patience: Duration = .seconds(15)

    let stage: DemoStage
    let narrator: Narrator
    let nodes: [NodeClient]

    private var a: NodeClient { nodes[0] }
    private var b: NodeClient { nodes[1] }
    private var c: NodeClient { nodes[2] }

    /// The tokens that later steps go on with.
    struct Tokens {
        let loggedOut: String
        let live: String
    }

    func play() async throws -> Tokens {
        narrator.step("\(DemoStage.user) logs in on node A")
        let token = try await logIn(on: a)

        narrator.step("The token is good on nodes B and C")
        for node in [b, c] { try await expectAccepted(token, on: node) }

        narrator.step("A page opens a stream of events on node B")
        let stream = try await b.openStream(token)
        try require(stream.status == 200, "GET /events on B answered \(stream.status)")
        narrator.held("B  GET /events  200  it stays open")
        async let end = Self.end(of: stream)

        narrator.step("She logs out on node C: the token is refused everywhere, and the stream is closed")
        let answer = try await c.logOut(token)
        try require(answer.status == 200, "POST /logout on C answered \(answer.status) (\(answer.body.message ?? "–"))")
        narrator.held("C  POST /logout  200  the store has acknowledged the revocation", answer.time)
        let loggedOut = ContinuousClock.now
        try await expectRefusals(token, since: loggedOut)
        let (text, ended) = try await end
        try require(
            text.hasSuffix("event: end\ndata: {\"because\":\"revoked\"}\n\n") && ended < loggedOut + Self.patience,
            "the stream on B did not end with its token: \(text)")
        narrator.held(
            "B  GET /events  ended because: revoked; since the log-out's answer:", max(.zero, ended - loggedOut))

        narrator.step("She logs in again: another session of hers is not touched")
        let second = try await logIn(on: b)
        for node in nodes { try await expectAccepted(second, on: node) }
        for node in nodes { try await expectRefused(token, on: node) }
        return Tokens(loggedOut: token, live: second)
    }

    private static func end(
        of stream: NodeClient.OpenStream
    ) async throws -> (text: String, at: ContinuousClock.Instant) {
        (try await stream.rest(), .now)
    }

    func logIn(on node: NodeClient) async throws -> String {
        let answer = try await node.logIn(name: DemoStage.user, password: DemoStage.password)
        guard answer.status == 200, let token = answer.body.token else {
            throw DemoFailure("POST /login on \(node.name) answered \(answer.status) (\(answer.body.message ?? "–"))")
        }
        narrator.held("\(node.name)  POST /login  200  an access token of \(token.utf8.count) bytes", answer.time)
        return token
    }

    func expectAccepted(_ token: String, on node: NodeClient) async throws {
        let answer = try await node.me(token)
        try require(
            answer.status == 200 && answer.body.subject == DemoStage.user,
            "GET /me on \(node.name) answered \(answer.status) (\(answer.body.message ?? "–")), not 200")
        narrator.held("\(node.name)  GET /me  200  hello \(DemoStage.user)", answer.time)
    }

    func expectRefused(_ token: String, on node: NodeClient, quietly: Bool = false) async throws {
        let answer = try await node.me(token)
        try require(answer.status == 401, "GET /me on \(node.name) with the logged-out token answered \(answer.status)")
        if !quietly { narrator.held("\(node.name)  GET /me  401  \(answer.body.message ?? "")", answer.time) }
    }

    func require(_ condition: Bool, _ complaint: @autoclosure () -> String) throws(DemoFailure) {
        guard condition else { throw DemoFailure(complaint()) }
    }

    /// Asks all nodes at once, again and again, until each has refused the token.
    private func expectRefusals(_ token: String, since start: ContinuousClock.Instant) async throws {
        let refusals = try await withThrowingTaskGroup(of: (String, Duration, Int).self) { group in
            for node in nodes {
                group.addTask {
                    var passed = 0
                    while try await node.me(token).status == 200 {
                        passed += 1
                        try require(
                            ContinuousClock.now < start + Self.patience, "node \(node.name) goes on accepting it")
                    }
                    return (node.name, ContinuousClock.now - start, passed)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }
        }
        for (name, time, passed) in refusals {
            let how = passed == 0 ? "at the first request" : "after \(passed) more requests"
            narrator.held("\(name)  GET /me  401  \(how); since the log-out's answer:", time)
        }
        for node in nodes { try await expectRefused(token, on: node) }
    }
}
