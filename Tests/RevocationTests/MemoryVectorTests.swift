import Contract
import Foundation
import Testing

@testable import Revocation

/// The examples of `contract.json` about what a process remembers: the pinned epoch and the terms. ContractTests play
/// the others.
@Suite struct MemoryVectorTests {
    private struct Vectors: Decodable {
        let pins: [PinRow]
        let terms: [TermsRow]
    }

    private struct PinRow: Decodable {
        let pinned: String?
        let epoch: String?
        let accepted: String?
        let expected: String?
    }

    private struct TermsRow: Decodable {
        struct Expected: Decodable, Equatable {
            let label: String?
            let seconds: Int64
            let isKept: Bool
        }

        let terms: String
        let iss: String
        let iat: Int64
        let exp: Int64
        let expected: Expected?
    }

    private let vectors: Vectors

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "ContractTests/Vectors/contract.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        vectors = try decoder.decode(Vectors.self, from: Data(contentsOf: file))
    }

    @Test func aPinMovesOnlyAsTheContractSays() {
        func bytes(_ text: String?) -> [UInt8]? { text.map { Array($0.utf8) } }
        for row in vectors.pins {
            var pin = EpochPin(bytes(row.pinned))
            _ = pin.pin(seeing: bytes(row.epoch))
            if row.pinned != nil { _ = pin.accept(epoch: bytes(row.epoch), accepted: bytes(row.accepted)) }
            #expect(pin.pinned == bytes(row.expected), "\(row)")
        }
        #expect(vectors.pins.count > 100)
        #expect(vectors.pins.count { $0.expected != $0.pinned } > 10)
    }

    @Test func theTermsSayHowLongRevocationsAreKept() throws {
        for row in vectors.terms {
            let terms = try TermsInForce(Terms(Array(row.terms.utf8)), prefix: "revoked:", bytes: nil)
            let token = TokenClaims(issuer: row.iss, subject: "u", issuedAt: row.iat, expiresAt: row.exp)
            let found = terms.issuer(row.iss).map { issuer in
                TermsRow.Expected(
                    label: issuer.terms.label, seconds: issuer.secondsToLive,
                    isKept: issuer.objection(to: token, now: 0) == nil)
            }
            #expect(found == row.expected, "\(row)")
        }
        #expect(vectors.terms.count { $0.expected?.isKept == true } > 50)
        #expect(vectors.terms.count { $0.expected?.isKept == false } > 40)
        #expect(vectors.terms.contains { $0.expected == nil })
    }
}
