import Crypto

/// Who a connection has authenticated as.
enum User: UInt8, Sendable {
    case nobody, `default`, admin

    var name: String {
        switch self {
        case .nobody, .default: "default"
        case .admin: "admin"
        }
    }
}

/// The daemon's passwords, kept as digests; compared in constant time, whatever their lengths.
struct Credentials: Sendable {
    private let defaultPassword: SHA256.Digest?
    private let adminPassword: SHA256.Digest?

    init(_ configuration: ServerConfiguration) {
        defaultPassword = configuration.password.map { SHA256.hash(data: Array($0.utf8)) }
        adminPassword = configuration.adminPassword.map { SHA256.hash(data: Array($0.utf8)) }
    }

    /// Whether a client of the user `default` needs a password.
    var isPasswordRequired: Bool { defaultPassword != nil }
    /// Whether undoing and administering are the user `admin`'s alone.
    var isAdminSeparate: Bool { adminPassword != nil }
    /// Who a new connection is.
    var initialUser: User { isPasswordRequired ? .nobody : .default }

    /// - Returns: nil if the pair is wrong.
    func authenticate(name: RawSpan, password: RawSpan) -> User? {
        if name.equals("default") { return authenticateDefault(password: password) }
        return name.equals("admin") && Self.matches(password, adminPassword) ? .admin : nil
    }

    /// `AUTH <password>`; where none is required any will do, as in Redis.
    func authenticateDefault(password: RawSpan) -> User? {
        !isPasswordRequired || Self.matches(password, defaultPassword) ? .default : nil
    }

    private static func matches(_ password: RawSpan, _ digest: SHA256.Digest?) -> Bool {
        guard let digest else { return false }
        return password.withUnsafeBytes { SHA256.hash(data: $0) } == digest
    }
}
