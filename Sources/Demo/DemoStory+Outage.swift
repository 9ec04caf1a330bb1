import Foundation
import Processes

/// The store is killed and comes back. No node may let a token through meanwhile, nor a revoked one ever.
extension DemoStory {
    private static let requestsDuringOutage = 20

    /// - Parameter daemon: killed.
    /// - Parameter port: where it comes back, on the same data.
    /// - Parameter backend: its URL.
    func playOutage(_ tokens: Tokens, daemon: ChildProcess, port: Int, backend: String) async throws {
        narrator.step("The daemon is killed (SIGKILL)")
        daemon.signal(SIGKILL)
        let ending = try await daemon.end(within: Self.patience)
        try require(ending == .signalled(SIGKILL), "the daemon ended otherwise: \(ending)")
        for node in nodes {
            // For less than a third of a second it knows that nothing was revoked since.
            try await until("the lease of node \(node.name) has run out") {
                try await node.me(tokens.live).status != 200
            }
            var last: NodeClient.Answer?
            for _ in 0..<Self.requestsDuringOutage { last = try await expectDenied(tokens, on: node) }
            let all = "\(Self.requestsDuringOutage) of \(Self.requestsDuringOutage) requests"
            narrator.held("\(node.name)  GET /me  503  the live token, \(all)", last?.time)
            narrator.held("\(node.name)  GET /me  401 or 503  the logged-out token, \(all)")
            narrator.remark(last?.body.message ?? "")
        }
        let logOut = try await nodes[0].logOut(tokens.loggedOut)
        try require(logOut.status == 503, "POST /logout without a store answered \(logOut.status)")
        narrator.held("A  POST /logout  503", logOut.time)
        narrator.remark(logOut.body.message ?? "")

        narrator.step("It starts again on its data: what it acknowledged is there, and there is nothing to accept")
        let start = ContinuousClock.now
        _ = try await stage.startDaemon(port: port)
        narrator.held("daemon  \(backend)", ContinuousClock.now - start)
        for node in nodes {
            try await until("node \(node.name) goes on") {
                let refused = try await node.me(tokens.loggedOut)
                try require(
                    refused.status == 401 || refused.status == 503,
                    "GET /me on \(node.name) with the logged-out token answered \(refused.status)")
                return try await node.me(tokens.live).status == 200
            }
            narrator.held(
                "\(node.name)  GET /me  200  the live token; since the start:", ContinuousClock.now - start)
        }
        for node in nodes { try await expectRefused(tokens.loggedOut, on: node) }

        narrator.step("She logs out of the other session too, on node B")
        let second = try await nodes[1].logOut(tokens.live)
        try require(second.status == 200, "POST /logout on B answered \(second.status) (\(second.body.message ?? "–"))")
        narrator.held("B  POST /logout  200", second.time)
        for node in nodes { try await expectRefused(tokens.live, on: node) }
    }

    /// Neither token may pass. That one is revoked a node may still know (401, for 5 s); all else is 503, with a
    /// Retry-After.
    /// - Returns: the answer to the live one.
    @discardableResult
    private func expectDenied(_ tokens: Tokens, on node: NodeClient) async throws -> NodeClient.Answer {
        let loggedOut = try await node.me(tokens.loggedOut)
        let live = try await node.me(tokens.live)
        try require(
            loggedOut.status == 401 || loggedOut.status == 503 && loggedOut.hasRetryAfter,
            "GET /me on \(node.name) with the logged-out token answered \(loggedOut.status)")
        try require(
            live.status == 503 && live.hasRetryAfter,
            "GET /me on \(node.name) answered \(live.status), not 503 with a Retry-After")
        return live
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
