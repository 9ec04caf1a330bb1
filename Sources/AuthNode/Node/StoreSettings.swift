package import Revocation
package import Settings

/// The configuration of a program that uses a denylist: of a node, and of an operator's commands.
package protocol StoreClientConfiguration: ProcessConfiguration {
    /// May hold a password: never logged.
    var backend: String { get set }
    var backendPassword: String? { get set }
    var backendTLS: StoreTLSConfiguration { get set }
}

extension StoreClientConfiguration {
    /// The rows of its table that say how the denylist is reached.
    package static var storeSettings: [Setting<Self>] {
        let path = SettingFormat<String?>.optional(.text("a path", example: "/run/tls/file.pem"), emptyIsNil: true)
        return [
            Setting(
                "backend", \.backend, .text("a URL", example: "redis://127.0.0.1:6379"), isSecret: true,
                help: "The denylist's URL: redis, rediss, redis+unix, redis+sentinel or redis+cluster",
                details: "It may hold a password"),
            Setting(
                "backend-password", \.backendPassword,
                .optional(.text("a password", example: "…"), emptyIsNil: true), form: .absent, isSecret: true,
                help: "The password of the URL's user, for a URL without one"),
            Setting(
                "backend-tls-ca-cert-file", \.backendTLS.authorities, path, note: "the system's",
                help: "The authorities that a rediss URL trusts, in PEM"),
            Setting(
                "backend-tls-cert-file", \.backendTLS.certificate, path,
                help: "Our certificate for the denylist, with its chain, in PEM"),
            Setting("backend-tls-key-file", \.backendTLS.key, path, help: "The key of that certificate, in PEM"),
            Setting(
                "backend-tls-server-name", \.backendTLS.serverName,
                .optional(.text("a name", example: "revoked.example"), emptyIsNil: true), note: "the URL's host",
                help: "The name that the denylist's certificate must have"),
        ]
    }

    /// Adds to a client's configuration what these settings say of the way to the store.
    package func addStore(to configuration: inout RevocationConfiguration) {
        configuration.password = backendPassword
        configuration.tls = backendTLS
    }
}
