import Files
import Foundation

/// A file that holds one secret, as Kubernetes, Docker and systemd hand them to a process. It may be a pipe.
package struct SecretFile {
    /// Why a file gives no secret; completes "the file …".
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The longest secret.
    static let maximumBytes = 4096

    /// Its line.
    package let text: String
    /// Whether every user of the machine may read it.
    let isExposed: Bool

    package init(_ path: String) throws(Failure) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure(description: "cannot be read: \(String(cString: strerror(errno)))")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        isExposed = RegularFile.isExposed(path)
        guard var bytes = try? handle.read(upToCount: Self.maximumBytes + 1) ?? Data() else {
            throw Failure(description: "cannot be read: is it a directory?")
        }
        guard bytes.count <= Self.maximumBytes else {
            throw Failure(description: "holds more than \(Self.maximumBytes) bytes")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw Failure(description: "is empty") }
        guard let text = String(validating: bytes, as: UTF8.self),
            !bytes.contains(where: { [0, UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains($0) })
        else { throw Failure(description: "has to hold one line of text") }
        self.text = text
    }

    static func warning(_ path: String) -> String { "others may read the secret in \(path): chmod o-r the file" }
}
