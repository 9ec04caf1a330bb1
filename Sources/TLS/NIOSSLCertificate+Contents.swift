import Foundation
package import NIOSSL
import SwiftASN1
import X509

extension NIOSSLCertificate {
    /// The common name of the subject; nil if it has none, an empty one, or several.
    package var commonName: String? {
        guard let bytes = try? toDERBytes(), let certificate = try? Certificate(derEncoded: bytes) else { return nil }
        let names = certificate.subject.flatMap { Array($0) }.filter { $0.type == .RDNAttributeType.commonName }
        guard names.count == 1, let name = String(names[0].value), !name.isEmpty else { return nil }
        return name
    }
    /// Whether it is valid at a time; false if it cannot be read.
    /// - Parameter now: seconds since 1970.
    package func isValid(at now: Int) -> Bool {
        guard let bytes = try? toDERBytes(), let certificate = try? Certificate(derEncoded: bytes) else { return false }
        let date = Date(timeIntervalSince1970: TimeInterval(now))
        return certificate.notValidBefore <= date && date <= certificate.notValidAfter
    }
}
