import AsyncHTTPClient
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

/// Log-outs and events arrive while the store is away and nodes are killed: a list of what was acknowledged is the
/// judge. For more: `REVOKED_EVENTS=10000 swift test --filter EventOutageTests`.
@Suite struct EventOutageTests {
    private static let count = ProcessInfo.processInfo.environment["REVOKED_EVENTS"].flatMap { Int($0) } ?? 200
    private static let outages = 3
    private static let issuer = "https://login.example"

    private let key = P256.Signing.PrivateKey()

    private func encoded(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private func signed(type: String, _ claims: [String: Any]) throws -> String {
        let header = encoded(#"{"alg":"ES256","kid":"k","typ":"\#(type)"}"#.utf8)
        let input = header + "." + encoded(try JSONSerialization.data(withJSONObject: claims))
        return input + "." + encoded(try key.signature(for: Data(input.utf8)).rawRepresentation)
    }

    /// Every other one is a log-out, the rest are events. Each names a session of its own.
    private func message(_ number: Int) throws -> EventSender.Message {
        let now = Int(Date().timeIntervalSince1970)
        var claims: [String: Any] = ["iss": Self.issuer, "aud": "shop", "iat": now, "jti": "m-\(number)"]
        guard number.isMultiple(of: 2) else {
            claims["sub_id"] = ["format": "opaque", "id": "s-\(number)"]
            claims["events"] = ["https://schemas.openid.net/secevent/caep/event-type/session-revoked": [String: Any]()]
            return .init(
                path: "/events", type: "application/secevent+jwt",
                body: try signed(type: "secevent+jwt", claims))
        }
        claims["exp"] = now + 3_600
        claims["sid"] = "s-\(number)"
        claims["events"] = ["http://schemas.openid.net/event/backchannel-logout": [String: Any]()]
        return .init(
            path: "/backchannel-logout", type: "application/x-www-form-urlencoded",
            body: "logout_token=\(try signed(type: "logout+jwt", claims))")
    }

    /// The files of a node, which its next process reads too.
    private func writeFiles(to folder: TemporaryFolder) throws -> [String] {
        let point = key.publicKey.rawRepresentation
        let jwk = [
            "kty": "EC", "crv": "P-256", "kid": "k", "x": encoded(point.prefix(32)), "y": encoded(point.suffix(32)),
        ]
        let provider: [String: Any] = [
            "issuer": Self.issuer, "audience": "shop", "accepts": ["logout", "events"], "tokensNameSessions": true,
        ]
        let files: [(String, Any)] = [
            ("jwks", ["keys": [jwk]]),
            ("issuers", [["issuer": Self.issuer, "audience": "api", "jwks": folder.file("jwks"), "label": "op"]]),
            ("providers", [provider]),
        ]
        for (name, value) in files {
            try JSONSerialization.data(withJSONObject: value).write(to: URL(filePath: folder.file(name)))
        }
        return [
            "--issuers", folder.file("issuers"), "--issuer-label", "own", "--identity-providers",
            folder.file("providers"),
        ]
    }

    /// The rights that Operating.md gives `writer`, for two labels.
    private static let rights =
        "%R~revoked:* %R~revoked.* %RW~revoked.terms "
        + ["own", "op"].flatMap { label in ["jti", "sid", "sub"].map { "%RW~revoked:\(label):\($0):*" } }
        .joined(separator: " ")
        + " +get +mget +exists +ttl +pttl +time +ping +echo +select +client|setinfo +client|setname +client|getname"
        + " +client|id +command +info +set +setex +psetex +eval +evalsha"

    private func restart(
        _ node: inout TestNodeProcess, _ backend: Int, _ settings: [String], _ sender: EventSender
    ) throws {
        node.process.terminate(SIGKILL)
        _ = try node.process.waitForEnd()
        node = try TestNodeProcess(backend: backend, settings)
        sender.port = node.port
    }

    @Test func noneIsAcknowledgedAndLost() async throws {
        let folder = try TemporaryFolder()
        let settings = try writeFiles(to: folder)
        let users = folder.file("users.acl")
        try Data("user default on nopass \(Self.rights)\n".utf8).write(to: URL(filePath: users))
        let data = try DataFolder()
        let port = try freePort()
        let daemonSettings = ["--port", "\(port)", "--aclfile", users]
        var daemon = try data.start(daemonSettings)
        let epoch = try daemon.epoch()
        var node = try TestNodeProcess(backend: port, settings)
        let sender = EventSender(try (0..<Self.count).map(message), port: node.port)
        let sending = Task { await sender.sendAll() }
        var progress = sender.progress.makeAsyncIterator()
        for outage in 1...Self.outages {
            while let now = await progress.next(), now.acknowledged < Self.count * outage / (Self.outages + 2) {}
            try daemon.kill()
            let before = sender.failures
            while let now = await progress.next(), now.failures < before + 20 {}
            // It starts while the store is away.
            try restart(&node, port, settings, sender)
            while let now = await progress.next(), now.failures < before + 40 {}
            daemon = try data.start(daemonSettings)
            // Others of its messages are under way, some of them carried out and not answered.
            let half = sender.acknowledged + Self.count / (4 * Self.outages)
            while let now = await progress.next(), now.acknowledged < half {}
            try restart(&node, port, settings, sender)
        }
        let acknowledged = await sending.value
        try daemon.kill()
        daemon = try data.start(daemonSettings)
        #expect(try daemon.epoch() == epoch)
        let socket = try daemon.connect()
        // The others were refused as done before.
        for number in 0..<Self.count {
            #expect(try socket.ask("EXISTS revoked:op:sid:s-\(number)") == ":1", "\(number)")
        }
        #expect(acknowledged + sender.repetitions == Self.count)
        #expect(acknowledged > Self.count / 2)
        #expect(sender.failures >= 40 * Self.outages)
        print(
            "\(Self.count) messages, \(Self.outages) outages: \(acknowledged) acknowledged, all of them there;",
            "\(sender.repetitions) were done before their answer came, \(sender.failures) attempts failed")
    }
}

/// Sends messages, each again and again until it is acknowledged or known to be done. Whatever fails goes to the end of
/// the queue.
final class EventSender: Sendable {
    struct Message: Sendable {
        let path: String
        let type: String
        let body: String
    }

    struct Progress: Sendable {
        var acknowledged = 0
        var failures = 0
    }

    private struct State {
        var queue: [Message]
        var port: Int
        var acknowledged = 0
        var repetitions = 0
        var failures = 0
    }

    private static let workers = 4

    let progress: AsyncStream<Progress>
    private let tell: AsyncStream<Progress>.Continuation
    private let state: Mutex<State>

    init(_ messages: [Message], port: Int) {
        state = Mutex(State(queue: messages.reversed(), port: port))
        (progress, tell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var port: Int {
        get { state.withLock { $0.port } }
        set { state.withLock { $0.port = newValue } }
    }

    /// The messages that were acknowledged.
    var acknowledged: Int { state.withLock { $0.acknowledged } }
    /// Attempts that brought neither an acknowledgement nor the answer that the message had been done.
    var failures: Int { state.withLock { $0.failures } }
    /// Messages whose acknowledgement was lost with the node.
    var repetitions: Int { state.withLock { $0.repetitions } }

    /// - Returns: how many were acknowledged.
    func sendAll() async -> Int {
        await withTaskGroup { group in
            for _ in 0..<Self.workers { group.addTask { await self.work() } }
        }
        tell.finish()
        return acknowledged
    }

    private func work() async {
        while let (message, port) = state.withLock({ state in state.queue.popLast().map { ($0, state.port) } }) {
            let answer = try? await send(message, to: port)
            state.withLock { state in
                switch answer {
                case (200..<300, _)?: state.acknowledged += 1
                case (400, false)?: state.repetitions += 1
                default:
                    state.failures += 1
                    state.queue.insert(message, at: 0)
                }
                tell.yield(Progress(acknowledged: state.acknowledged, failures: state.failures))
            }
        }
    }

    /// - Returns: the status, and whether the message may be sent again.
    private func send(_ message: Message, to port: Int) async throws -> (status: UInt, mayBeRepeated: Bool) {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(message.path)")
        request.method = .POST
        request.headers = ["Content-Type": message.type]
        request.body = .bytes(ByteBuffer(string: message.body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        return (response.status.code, response.headers.contains(name: "Retry-After"))
    }
}
