import Foundation

/// The store dies and comes back without its memory. No node may take that for "not revoked".
extension DemoStory {
    private static let requestsDuringOutage = 20

    /// - Parameter daemon: killed.
    /// - Parameter port: where it comes back.
    /// - Parameter backend: its URL.
    func playOutage(_ tokens: Tokens, daemon: ChildProcess, port: Int, backend: String) async throws {
        narrator.step("The daemon is killed (SIGKILL)")
        daemon.signal(SIGKILL)
        let ending = try await daemon.end(within: Self.patience)
        try require(ending == .signalled(SIGKILL), "the daemon ended otherwise: \(ending)")
        for node in nodes {
            var last: NodeClient.Answer?
            for _ in 0..<Self.requestsDuringOutage { last = try await expectDenied(tokens, on: node) }
            narrator.held(
                "\(node.name)  GET /me  503  \(2 * Self.requestsDuringOutage) of \(2 * Self.requestsDuringOutage) requests",
                last?.time)
            narrator.remark(last?.body.message ?? "")
        }
        let logOut = try await nodes[0].logOut(tokens.loggedOut)
        try require(logOut.status == 503, "POST /logout without a store answered \(logOut.status)")
        narrator.held("A  POST /logout  503", logOut.time)
        narrator.remark(logOut.body.message ?? "")

        narrator.step("It starts again, empty: there is no log on disk yet, so its epoch is new")
        let start = ContinuousClock.now
        _ = try await stage.startDaemon(port: port)
        narrator.held("daemon  \(backend)", ContinuousClock.now - start)
        for node in nodes {
            try await until("node \(node.name) says that the epoch has changed") {
                try await expectDenied(tokens, on: node)
                return try await node.readiness().body.cause == "epochChanged"
            }
            let answer = try await expectDenied(tokens, on: node)
            narrator.held("\(node.name)  GET /me  503", answer.time)
            narrator.remark(answer.body.message ?? "")
        }

        narrator.step("What was revoked is revoked again: the same token logs out on node B")
        try await until("the log-out is acknowledged") { try await nodes[1].logOut(tokens.loggedOut).status == 200 }
        narrator.held("B  POST /logout  200")
        for node in nodes { try await expectRefused(tokens.loggedOut, on: node) }
        for node in nodes {
            let answer = try await node.me(tokens.live)
            try require(
                answer.status == 503, "GET /me on \(node.name) answered \(answer.status) before `revoked accept`")
            narrator.held(
                "\(node.name)  GET /me  503  the live token: nobody has accepted the new epoch yet", answer.time)
        }

        narrator.step("An operator accepts the new epoch: revoked accept --backend \(backend)")
        let accepted = ContinuousClock.now
        try await stage.run(["accept"], backend: backend)
        for node in nodes {
            try await until("node \(node.name) goes on") {
                try await expectRefused(tokens.loggedOut, on: node, quietly: true)
                return try await node.me(tokens.live).status == 200
            }
            narrator.held(
                "\(node.name)  GET /me  200  the live token; since the command:", ContinuousClock.now - accepted)
        }
        for node in nodes { try await expectRefused(tokens.loggedOut, on: node) }
    }

    /// Neither token may pass: 503, with a Retry-After.
    @discardableResult
    private func expectDenied(_ tokens: Tokens, on node: NodeClient) async throws -> NodeClient.Answer {
        var answers: [NodeClient.Answer] = []
        for token in [tokens.loggedOut, tokens.live] {
            let answer = try await node.me(token)
            try require(
                answer.status == 503 && answer.hasRetryAfter,
                "GET /me on \(node.name) answered \(answer.status), not 503 with a Retry-After")
            answers.append(answer)
        }
        return answers[1]
    }

    /// Asks until something has come about.
    private func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while try await !condition() {
            try require(ContinuousClock.now < deadline, "waited \(Self.patience) in vain until \(what)")
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
