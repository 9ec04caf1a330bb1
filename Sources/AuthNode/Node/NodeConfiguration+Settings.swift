import AdminHTTP
import Contract
import Foundation
import HTTPTypes
import Logging
import ProcessOutput
import Revocation
import RevocationHTTP
package import Settings
import TLS

/// The settings of a node. A new one is a row here and its property.
extension NodeConfiguration: StoreClientConfiguration {
    package static let names = SettingNames(
        variablePrefix: "REVOKED_NODE_", section: "node", otherVariables: [])

    /// A process serves metrics at the port after the daemon's.
    package static var processDefaults: Self {
        var configuration = Self()
        configuration.http = .onIfFree(AdminAddress(host: "127.0.0.1", port: 7381))
        return configuration
    }

    package static let settings = listening + storeSettings + store + identity + tokens + gateways + observation

    private static let listening: [Setting<Self>] = [
        Setting("bind", \.bind, .text("an address", example: "::1"), help: "The address to listen on"),
        Setting("port", \.port, .number(in: 0...65_535), help: "The port to listen on; 0 takes a free one"),
        Setting(
            "tls-cert-file", \.tls.certificate,
            .optional(.text("a path", example: "/run/tls/tls.crt"), emptyIsNil: true),
            note: "HTTP", help: "The certificate of an HTTPS port in PEM, with its chain behind it",
            details: "SIGHUP reads it and its key anew, without dropping a connection"),
        Setting(
            "tls-key-file", \.tls.key, .optional(.text("a path", example: "/run/tls/tls.key"), emptyIsNil: true),
            help: "The key of that certificate, in PEM"),
        Setting(
            "tls-key-file-pass", \.tls.keyPassword, .optional(.text("a password", example: "…"), emptyIsNil: true),
            form: .absent, isSecret: true, help: "The password of an encrypted key"),
        Setting(
            "tls-ca-cert-file", \.tls.authorities,
            .optional(.text("a path", example: "/run/tls/ca.crt"), emptyIsNil: true),
            help: "The authorities that sign clients' certificates, in PEM"),
        Setting(
            "tls-auth-clients", \.tls.clientCertificates, .name(), help: "Whether clients have to show a certificate"),
        Setting(
            "tls-protocols", \.tls.protocols,
            .described("TLSv1.2, TLSv1.3 or both, separated by a space", example: "TLSv1.3") { TLSProtocols($0) },
            help: "The versions of TLS that are spoken"),
    ]

    private static let store: [Setting<Self>] = [
        Setting(
            "checks", \.checks, .name(),
            help: "Where tokens are checked: asked of the denylist, or local, from a copy in memory",
            details: "A copy follows one daemon, which waits for it before it acknowledges a revocation"),
        Setting(
            "checks-memory", \.checksMemory, .size(in: 1 << 20...1 << 40),
            help: "What the copy may take; beyond it checks are asked"),
        Setting(
            "follower-password", \.followerPassword, .optional(.text("a password", example: "…"), emptyIsNil: true),
            form: .absent, isSecret: true,
            help: "The password of the daemon's user follower, who copies; without one the URL's user does"),
        Setting(
            "epoch", \.epoch, .optional(.text(example: "e")), note: "the one met at first contact",
            help: "The denylist's epoch to believe", details: "`revoked accept` prints it"),
        Setting(
            "state-file", \.stateFile, .optional(.text("a path", example: "/var/lib/node/state")), note: "none",
            help: "A file that keeps the pinned epoch over restarts",
            details: "Without one a node that starts again pins what it meets"),
        Setting(
            "replicas", \.replicas, .number(in: 0...100),
            help: "Replicas that have to know a revocation before it is acknowledged"),
        Setting(
            "accept-eviction-policies", \.acceptedEvictionPolicies,
            SettingFormat(
                .other("names, separated by commas", example: "allkeys-lru"),
                parse: { Set($0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }) },
                write: { $0.sorted().joined(separator: ",") }),
            help: "Eviction policies of a stock server to accept although they drop revocations, by commas"),
        Setting(
            "accept-replica", \.acceptsReplica, .yesOrNo, form: .presence,
            help: "Let checks read from a replica, which may lag behind"),
    ]

    private static let identity: [Setting<Self>] = [
        Setting(
            "keys", \.keys, .text("a path", example: "keys"),
            help: "A private key in PEM, or a directory of them: the first signs, all verify", details: "Required"),
        Setting(
            "users", \.users, .text("a path", example: "users.jsonl"), help: "The file of accounts",
            details: "Required"),
        Setting(
            "clients", \.clients, .optional(.text("a path", example: "clients.jsonl")), note: "none may",
            help: "The file of clients that may use /oauth2/…"),
        Setting(
            "issuers", \.issuers, .optional(.text("a path", example: "issuers.json")),
            help: "A JSON file of other issuers whose access tokens are accepted"),
        Setting(
            "identity-providers", \.identityProviders,
            .optional(.text("a path", example: "identity-providers.json")),
            help: "A JSON file of identity providers whose log-outs and security events end tokens"),
        Setting(
            "admin-secret", \.adminSecret,
            .optional(
                .text(
                    "32 to 256 letters, digits or -._~+/: `openssl rand -hex 32`",
                    example: String(repeating: "x", count: 32)
                ) {
                    guard case .present = BearerToken([.authorization: "Bearer \($0)"]) else { return false }
                    return (32...256).contains($0.utf8.count)
                }), form: .absent, isSecret: true, help: "The administrator's credential at /admin/revoke"),
        Setting("issuer", \.issuer, .text(example: "https://login.example"), help: "iss of every token"),
        Setting(
            "issuer-label", \.issuerLabel, .optional(.text(example: "own")), note: "what its terms say, or none",
            help: "The label of our own issuer in the denylist"),
        Setting("audience", \.audience, .text(example: "api"), help: "aud of every token"),
        Setting("client-id", \.client, .text(example: "web"), help: "client_id of every token"),
        Setting("name", \.name, .text(example: "node1"), help: "The node's name in its log"),
    ]

    private static let tokens: [Setting<Self>] = [
        Setting(
            "access-token-lifetime", \.accessTokenLifetime, .seconds(in: 1...86_400),
            help: "Seconds that an access token lives"),
        Setting(
            "refresh-token-lifetime", \.refreshTokenLifetime, .seconds(in: 2...399 * 86_400), note: "30 days",
            help: "Seconds that a refresh token lives", details: "Longer than an access token"),
        Setting(
            "rotation-grace", \.rotationGrace, .seconds(in: 0...60),
            help: "Seconds in which a refresh token may be presented again"),
        Setting(
            "failure-policy", \.failurePolicy,
            SettingFormat(
                .other("deny, allow, last-known:SECONDS or copy:SECONDS", example: "last-known:30"),
                parse: policy(of:), write: text(of:)),
            help: "deny, allow, last-known:SECONDS or copy:SECONDS: what /me and /auth do while the store is away",
            details: "copy goes with `checks local`"),
        Setting(
            "cookies", \.cookies, .yesOrNo, form: .presence, help: "Hand out tokens in cookies, not in bodies"),
        Setting(
            "login-attempts", \.loginAttempts, .number(in: 0...1_000),
            help: "Wrong passwords a minute for an account from one address; 0 for no limit"),
        Setting(
            "leeway", \.leeway, .seconds(in: 0...Int(Limits.maximumLeewayMilliseconds / 1000)),
            help: "Seconds after exp that a token is still accepted"),
    ]

    private static let gateways: [Setting<Self>] = [
        Setting(
            "trusted-proxies", \.proxyNetworks,
            .described("addresses and networks, separated by commas", example: "10.0.0.0/8") { TrustedProxies($0) },
            note: "none", help: "Proxies whose X-Forwarded-… and X-Original-… headers are read, by commas"),
        Setting(
            "trust-forwarded-for", \.trustsForwardedFor, .yesOrNo, form: .presence,
            help: "Read these headers from every peer: only where nobody but a proxy reaches the node"),
        Setting(
            "auth-headers", \.upstreamHeaders,
            .described("pairs Header=claim, separated by commas, of headers X-… or Remote-…", example: "X-Email=email")
            {
                UpstreamHeaders($0)
            },
            help: "The headers of /auth, and the claims in them, by commas"),
        Setting(
            "auth-cache", \.authCacheLifetime, .seconds(in: 0...60),
            help: "Seconds for which a gateway may keep a 200 of /auth: so long it lets revoked tokens pass"),
        Setting(
            "allow-origin", \.allowedOrigins,
            .described("origins, separated by commas: https, or http on this machine", example: "https://app.example") {
                AllowedOrigins($0)
            },
            note: "none", help: "Origins of web pages that may use the node from a browser (CORS), by commas"),
    ]

    private static let observation: [Setting<Self>] = [
        Setting(
            "http", \.http,
            .described("an address and a port, such as 127.0.0.1:7381, or off", example: "https://[::1]:80") {
                AdminListening($0)
            },
            note: "if it is free", help: "Where metrics and health are served, or off",
            details: "With `https://` before it, by the certificate of `tls-cert-file`"),
        Setting(
            "http-protected-mode", \.httpProtectedMode, .yesOrNo, help: "Refuse to serve them beyond loopback"),
        Setting("log-level", \.logLevel, .name(), help: "The least severe message that is logged"),
        Setting("log-format", \.logFormat, .name(), help: "Lines for people, or one JSON object a line"),
    ]

    private static let lastKnown = "last-known:"
    private static let copy = "copy:"

    @Sendable private static func policy(of text: String) -> FailurePolicy? {
        switch text {
        case "deny": return .deny
        case "allow": return .allow
        default:
            if let seconds = seconds(of: text, after: lastKnown, in: 1...86_400) { return .lastKnown(for: seconds) }
            return seconds(of: text, after: copy, in: 1...3_600).map { .copy(noOlderThan: $0) }
        }
    }

    private static func seconds(of text: String, after word: String, in range: ClosedRange<Int>) -> Duration? {
        guard text.hasPrefix(word), let seconds = Int(text.dropFirst(word.count)), range.contains(seconds) else {
            return nil
        }
        return .seconds(seconds)
    }

    /// Rounded up: only a program can set a part of a second.
    private static func text(of bound: Duration) -> String {
        "\(bound.components.seconds + (bound.components.attoseconds > 0 ? 1 : 0))"
    }

    @Sendable private static func text(of policy: FailurePolicy) -> String {
        switch policy {
        case .deny: "deny"
        case .allow: "allow"
        case .lastKnown(let bound): lastKnown + text(of: bound)
        case .copy(let bound): copy + text(of: bound)
        }
    }
}
