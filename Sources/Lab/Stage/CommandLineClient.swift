import Contract
import Foundation
import Processes
import Revocation

/// `revoked check` and `revoked revoke`, each a process of its own, and the client library in this one. They reach the
/// store on a way of their own.
struct CommandLineClient: Sendable {
    private static let patience: Duration = .seconds(20)

    /// nil for the library alone.
    private let stage: NodeStage?
    private let backend: String
    /// Whether there are several issuers, so that each is to be named.
    private let namesIssuers: Bool
    private let list: RevocationList

    init(_ stage: NodeStage, backend: String) throws {
        self.stage = stage
        self.backend = backend
        namesIssuers = !stage.labels.isEmpty
        list = try Self.list(backend)
    }

    /// The library alone.
    init(_ list: RevocationList, namesIssuers: Bool) {
        (stage, backend, self.list, self.namesIssuers) = (nil, "", list, namesIssuers)
    }

    /// A denylist of which the denylist's own terms say all.
    static func list(_ backend: String) throws -> RevocationList {
        try RevocationList(backend, configuration: configuration)
    }

    /// Of a process that goes by the denylist's terms.
    static var configuration: RevocationConfiguration {
        var configuration = RevocationConfiguration()
        configuration.issuerLead = .zero
        // A load may keep every processor busy, with the tasks of this process behind it: that is no outage of the
        // store.
        configuration.commandTimeout = .seconds(5)
        return configuration
    }

    /// Whether there is a command line.
    var startsProcesses: Bool { stage != nil }

    func close() async { await list.close() }

    /// `revoked check`, with the token on its standard input.
    func check(_ token: [UInt8]) async -> TokenAnswer {
        switch await run("check", [], input: token) {
        case .exited(0): .accepted
        case .exited(1): .refused
        case .exited(2): .unavailable
        default: .other
        }
    }

    /// - Parameter options: what is revoked.
    func revoke(_ options: [String], issuer: String) async -> TokenAnswer {
        switch await run("revoke", options + (namesIssuers ? ["--issuer", issuer] : [])) {
        case .exited(0): return .accepted
        case .exited(2): return .unavailable
        default: return .other
        }
    }

    /// What the library says of a token.
    func verdict(for claims: TokenClaims) async -> TokenAnswer {
        switch await list.verdict(for: claims) {
        case .clear: .accepted
        case .revoked: .refused
        case .unknown: .unavailable
        }
    }

    func revoke(_ request: RevocationRequest, issuer: String) async -> TokenAnswer {
        do {
            _ = try await list.revoke(request, reason: .admin, issuer: namesIssuers ? issuer : nil)
            return .accepted
        } catch {
            return .unavailable
        }
    }

    /// - Returns: nil if it could not be run to its end.
    private func run(_ command: String, _ options: [String], input: [UInt8]? = nil) async -> ChildProcess.Ending? {
        do {
            guard let stage else { return nil }
            let process = try stage.start(
                command, [command, "--state-file", "\(stage.directory)/command.state"] + options,
                environment: ["REVOKED_BACKEND": backend], input: input)
            let ending = try await process.end(within: Self.patience)
            if [.exited(0), .exited(1), .exited(2)].contains(ending) { process.removeLog() }
            return ending
        } catch {
            return nil
        }
    }
}
