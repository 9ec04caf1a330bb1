import Crypto
import CryptoExtras
import Foundation

/// The cost of one guess at a password: scrypt's parameters (RFC 7914 §2).
package struct PasswordCost: Codable, Sendable, Hashable {
    /// scrypt's N, a power of two.
    package let rounds: Int
    /// scrypt's r.
    package let blockSize: Int
    /// scrypt's p.
    package let parallelism: Int

    /// About a tenth of a second, and 8 MiB: two at once must not take much of a node's memory. More work makes up for
    /// less memory (OWASP's table of equal strength ranges from N = 2^15, p = 3 to N = 2^13, p = 10).
    package static let standard = PasswordCost(rounds: 1 << 13, blockSize: 8, parallelism: 4)

    /// The most memory that a stored record may ask for, in bytes.
    private static let maximumMemory = 256 << 20

    package init(rounds: Int, blockSize: Int, parallelism: Int) {
        self.rounds = rounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// The amount of work, in scrypt's block mixings. The time is proportional to it.
    var work: Int { rounds * blockSize * parallelism }

    /// Whether scrypt accepts these numbers, and time and memory are acceptable.
    var isSane: Bool {
        rounds > 1 && rounds.nonzeroBitCount == 1 && (1...64).contains(blockSize) && (1...16).contains(parallelism)
            && rounds <= Self.maximumMemory / (128 * blockSize)
    }
}

/// A stored password: scrypt's result, with its cost and salt.
struct PasswordHash: Codable, Sendable {
    /// The most bytes of a password.
    static let maximumPasswordBytes = 1024
    private static let saltBytes = 16
    private static let digestBytes = 32

    let cost: PasswordCost
    let salt: Data
    let digest: Data

    /// Hashes a new password with a random salt.
    /// - Throws: ``NodeError/Code/invalidAccount`` if the password is empty or longer than 1,024 bytes.
    init(of password: String, cost: PasswordCost) throws(NodeError) {
        guard (1...Self.maximumPasswordBytes).contains(password.utf8.count) else {
            throw NodeError(.invalidAccount, "a password has 1 to \(Self.maximumPasswordBytes) bytes")
        }
        let salt = SymmetricKey(size: .init(bitCount: Self.saltBytes * 8)).withUnsafeBytes { Data($0) }
        guard let key = Self.derive(Array(password.utf8), salt, cost) else {
            throw NodeError(.invalidAccount, "the password could not be hashed: is there too little memory?")
        }
        self.cost = cost
        self.salt = salt
        digest = key.withUnsafeBytes { Data($0) }
    }

    /// The hash could not be computed: whether the password is right is unknown.
    struct NotComputed: Error {}

    /// Whether `password` is right. Takes the same time whichever byte differs.
    func matches(_ password: String) throws(NotComputed) -> Bool {
        let bytes = Array(password.utf8)
        // An impossible password costs as much as any other. scrypt itself traps on an empty one.
        let isPossible = (1...Self.maximumPasswordBytes).contains(bytes.count)
        guard let key = Self.derive(isPossible ? bytes : [0], salt, cost) else { throw NotComputed() }
        return key == SymmetricKey(data: digest) && isPossible
    }

    /// Whether a stored record can be used.
    var isSane: Bool { cost.isSane && salt.count >= Self.saltBytes && digest.count == Self.digestBytes }

    private static func derive(_ password: [UInt8], _ salt: Data, _ cost: PasswordCost) -> SymmetricKey? {
        try? KDF.Scrypt.deriveKey(
            from: password, salt: salt, outputByteCount: digestBytes, rounds: cost.rounds, blockSize: cost.blockSize,
            parallelism: cost.parallelism)
    }
}
