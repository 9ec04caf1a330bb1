import AuthNode
import Foundation
import ProcessOutput
import Processes
import Synchronization

/// The processes that a load is put on: the store, and nodes that share keys, accounts and clients, all in a private
/// directory. Each can be ended and started again, on the same port and the same data.
final class NodeStage: Sendable {
    static let startTime: Duration = .seconds(30)

    struct Settings: Sendable {
        var accessTokenLifetime = 60
        /// Seconds in which a refresh token may be presented again.
        var rotationGrace = 0
        /// Of a stage whose nodes do what everyone does, how.
        var naive: NaiveMode?
        var daemonArguments: [String] = []
        /// Nodes check tokens in copies of their own, under leases.
        var checksLocally = false
    }

    let directory: String
    private let programs: Programs
    /// The product.
    private let executable: String
    private let settings: Settings
    /// Others whose tokens the nodes accept: then our own issuer has a label, too.
    private let others: [OtherIssuer]
    /// Of the administrator, at every node.
    let secret = (UUID().uuidString + UUID().uuidString).replacing("-", with: "").lowercased()
    var accessTokenLifetime: Int { settings.accessTokenLifetime }
    private let processes = Mutex<[ChildProcess]>([])
    private let starts = Mutex(0)

    /// - Parameter issuers: makes the others whose tokens the nodes accept; their key sets may be in a directory.
    init(
        programs: Programs, settings: Settings, issuers: (_ directory: String) -> [OtherIssuer] = { _ in [] }
    ) throws {
        directory = FileManager.default.temporaryDirectory.path + "/revoked-load-\(UUID().uuidString.lowercased())"
        self.programs = programs
        executable = try programs.revoked()
        self.settings = settings
        others = issuers(directory)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Where the daemon keeps its data, and where a disk of its own may be mounted around it.
    var data: String { "\(volume)/data" }
    var volume: String { "\(directory)/volume" }

    /// Makes what the nodes share: their key, the users' accounts, and a client for each node.
    /// - Parameter plan: is told of the administrator, the clients and the grace.
    func makeFiles(_ plan: inout NodeLoadPlan, nodes: Int) throws {
        try FileManager.default.createDirectory(atPath: volume, withIntermediateDirectories: true)
        _ = try KeyFiles.create(keys, algorithm: .es256)
        try AccountFile(accounts).writeForLoad((0..<plan.users).map { plan.name(of: $0) }, password: plan.password)
        plan.rotationGrace = .seconds(settings.rotationGrace)
        guard settings.naive == nil else { return }
        for number in 1...nodes { plan.clients[client(number)] = try ClientFile(clients).add(client(number)) }
        plan.administrator = secret
        guard !others.isEmpty else { return }
        try OtherIssuer.file(others).write(to: URL(filePath: issuers))
        for issuer in others where !issuer.servesKeys {
            try OtherIssuer.keySet(issuer.keys).write(to: URL(filePath: issuer.location))
        }
        (plan.issuers, plan.label) = (others, Self.label)
    }

    /// The labels of all issuers by `iss`; empty if there is only our own.
    var labels: [String: String] {
        guard !others.isEmpty else { return [:] }
        return Dictionary(uniqueKeysWithValues: others.map { ($0.name, $0.name) })
            .merging(["revoked": Self.label]) { $1 }
    }

    /// How far the clocks of all issuers may be ahead, by `iss`: our own tokens have the store's time.
    var leads: [String: Duration] {
        Dictionary(uniqueKeysWithValues: others.map { ($0.name, $0.lead) }).merging(["revoked": .zero]) { $1 }
    }

    /// Starts our daemon.
    /// - Parameter port: 0 for a free one.
    /// - Parameter data: another directory than the stage's own.
    func startDaemon(
        port: Int, data: String? = nil, environment: [String: String] = [:]
    ) async throws -> (process: ChildProcess, port: Int) {
        let daemon = try start(
            "daemon",
            [
                "serve", "--port", "\(port)", "--dir", data ?? self.data, "--appendfsync", "always", "--loglevel",
                "warning",
            ]
                + settings.daemonArguments, environment: environment)
        let address = try await daemon.line(beginning: "listening on tcp://127.0.0.1:", within: Self.startTime)
        guard let port = Int(address) else {
            throw ChildProcess.Failure(message: "the daemon names no port: \(address)")
        }
        _ = try await daemon.line(beginning: "ready", within: Self.startTime)
        return (daemon, port)
    }

    /// Starts a node.
    /// - Parameter port: 0 for a free one.
    /// - Parameter profile: its policy, and whether it uses cookies.
    /// - Parameter environment: beside the settings: another user can read a command line, not this.
    func startNode(
        _ number: Int, port: Int, backend: String, profile: NodeProfile = NodeProfile(url: ""),
        environment: [String: String] = [:]
    ) async throws -> (process: ChildProcess, url: String) {
        var variables = environment.merging([
            "REVOKED_NODE_PORT": "\(port)", "REVOKED_NODE_BACKEND": backend, "REVOKED_NODE_KEYS": keys,
            "REVOKED_NODE_USERS": accounts, "REVOKED_NODE_NAME": "\(number)", "REVOKED_NODE_LOGIN_ATTEMPTS": "0",
            "REVOKED_NODE_LOG_LEVEL": "warning",
            "REVOKED_NODE_ACCESS_TOKEN_LIFETIME": "\(settings.accessTokenLifetime)",
            "REVOKED_NODE_ROTATION_GRACE": "\(settings.rotationGrace)",
        ]) { $1 }
        let node: ChildProcess
        if let naive = settings.naive {
            node = try start(
                "node \(number)", executable: try programs.laboratory(), ["node", "--denylist", naive.rawValue],
                environment: variables)
        } else {
            var arguments = ["node", "--clients", clients, "--client-id", client(number)]
            arguments += ["--failure-policy", profile.policy.argument]
            if profile.usesCookies { arguments.append("--cookies") }
            if settings.checksLocally { arguments += ["--checks", "local"] }
            arguments += ["--state-file", "\(directory)/node-\(number).state"]
            if !others.isEmpty { arguments += ["--issuers", issuers, "--issuer-label", Self.label] }
            variables["REVOKED_NODE_ADMIN_SECRET"] = secret
            node = try start("node \(number)", arguments, environment: variables)
        }
        return (node, try await node.line(beginning: "listening on ", within: Self.startTime))
    }

    /// Starts any other program.
    func start(
        _ name: String, executable: String? = nil, _ arguments: [String], environment: [String: String] = [:],
        input: [UInt8]? = nil
    ) throws(ChildProcess.Failure) -> ChildProcess {
        let number = starts.withLock { starts in
            starts += 1
            return starts
        }
        let log = "\(directory)/\(number)-\(name.replacing(" ", with: "-")).log"
        let process = try ChildProcess(
            name, executable: executable ?? self.executable, arguments: arguments, log: log, environment: environment,
            input: input)
        processes.withLock { processes in
            processes.removeAll { $0.hasEnded != nil }
            processes.append(process)
        }
        return process
    }

    /// Runs a command of ours to its end.
    /// - Throws: ``ChildProcess/Failure`` if it does not succeed.
    func run(_ arguments: [String], backend: String) async throws {
        let process = try start(arguments[0], arguments, environment: ["REVOKED_BACKEND": backend])
        guard try await process.end(within: Self.startTime) == .exited(0) else {
            throw ChildProcess.Failure(message: "`revoked \(arguments[0])` failed:\n\(process.lastLines)")
        }
    }

    /// Ends every process that was started.
    func stop() async {
        let processes = processes.withLock { $0 }
        await withTaskGroup { group in
            for process in processes where process.hasEnded == nil {
                group.addTask {
                    process.signal(SIGCONT)
                    await process.stop()
                }
            }
        }
    }

    func removeFiles() {
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            StandardStream.error.write("cannot remove \(directory): \(error)\n")
        }
    }

    private var keys: String { "\(directory)/key.pem" }
    var accounts: String { "\(directory)/users.jsonl" }
    var clients: String { "\(directory)/clients.jsonl" }
    private var issuers: String { "\(directory)/issuers.json" }
    /// Of our own issuer.
    private static let label = "own"

    /// The `client_id` of the tokens that a node mints.
    func client(_ number: Int) -> String { "app-\(number)" }
}

extension RoutePolicy {
    /// As `--failure-policy` takes it.
    fileprivate var argument: String {
        switch self {
        case .deny: "deny"
        case .allow: "allow"
        case .lastKnown(let bound): "last-known:\(bound / 1_000_000_000)"
        }
    }
}

extension NodeProfile {
    /// The nodes of a stage differ: one uses cookies, one goes by what it knows, one allows.
    static func stage(_ number: Int) -> NodeProfile {
        var profile = NodeProfile(url: "")
        switch number % 4 {
        case 2: profile.policy = .lastKnown(2_000_000_000)
        case 3: profile.usesCookies = true
        case 0: profile.policy = .allow
        default: break
        }
        return profile
    }
}
