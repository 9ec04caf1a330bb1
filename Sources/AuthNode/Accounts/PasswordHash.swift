import Crypto
import CryptoExtras
import Foundation

/// A password as it is stored: scrypt (RFC 7914) with its parameters and salt.
struct PasswordHash: Codable, Sendable {
    /// The most bytes of a password.
    static let maximumPasswordBytes = 1024
    private static let saltBytes = 16
    private static let digestBytes = 32
    /// The most memory that a stored record may ask for, in bytes.
    private static let maximumMemory = 256 << 20

    /// scrypt's N.
    let rounds: Int
    /// scrypt's r.
    let blockSize: Int
    /// scrypt's p.
    let parallelism: Int
    let salt: Data
    let digest: Data

    /// Hashes a new password with a random salt: 32 MiB and about a tenth of a second.
    /// - Throws: ``NodeError/Code/invalidAccount`` if the password is empty or longer than 1,024 bytes.
    init(of password: String) throws(NodeError) {
        let bytes = Self.bytes(of: password)
        guard (1...Self.maximumPasswordBytes).contains(bytes.count) else {
            throw NodeError(.invalidAccount, "a password has 1 to \(Self.maximumPasswordBytes) bytes")
        }
        var random = SystemRandomNumberGenerator()
        rounds = 1 << 15
        blockSize = 8
        parallelism = 1
        salt = Data((0..<Self.saltBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) })
        guard
            let key = Self.derive(bytes, salt: salt, rounds: rounds, blockSize: blockSize, parallelism: parallelism)
        else {
            throw NodeError(.invalidAccount, "the password could not be hashed: is there too little memory?")
        }
        digest = key.withUnsafeBytes { Data($0) }
    }

    /// Whether `password` is the one. Takes the same time whichever byte differs.
    func matches(_ password: String) -> Bool {
        let bytes = Self.bytes(of: password)
        // scrypt traps on nothing at all; an empty password must cost as much as any other.
        let input = (1...Self.maximumPasswordBytes).contains(bytes.count) ? bytes : [0]
        guard
            let key = Self.derive(input, salt: salt, rounds: rounds, blockSize: blockSize, parallelism: parallelism)
        else { return false }
        return key == SymmetricKey(data: digest) && input == bytes
    }

    /// Whether the stored parameters are usable and their cost bearable.
    var isSane: Bool {
        rounds > 1 && rounds.nonzeroBitCount == 1 && (1...64).contains(blockSize) && (1...16).contains(parallelism)
            && rounds <= Self.maximumMemory / (128 * blockSize) && salt.count >= Self.saltBytes
            && digest.count == Self.digestBytes
    }

    /// The same characters typed on another keyboard are the same password (NFC, RFC 8265 §4.2).
    private static func bytes(of password: String) -> [UInt8] {
        Array(password.precomposedStringWithCanonicalMapping.utf8)
    }

    private static func derive(
        _ password: [UInt8], salt: Data, rounds: Int, blockSize: Int, parallelism: Int
    ) -> SymmetricKey? {
        try? KDF.Scrypt.deriveKey(
            from: password, salt: salt, outputByteCount: digestBytes, rounds: rounds, blockSize: blockSize,
            parallelism: parallelism)
    }
}
