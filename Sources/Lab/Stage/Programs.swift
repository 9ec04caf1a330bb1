import Foundation

/// The programs that the laboratory starts: the product, and itself. They stand in one directory.
package struct Programs: Sendable {
    private let directory: String

    package init(directory: String) { self.directory = directory }

    /// Those beside the program that is running.
    package static let installed = Programs(
        directory: URL(filePath: Bundle.main.executablePath ?? CommandLine.arguments[0]).deletingLastPathComponent()
            .path)

    /// The path of the product.
    func revoked() throws(LoadFailure) -> String { try path("revoked") }

    /// The path of the laboratory.
    func laboratory() throws(LoadFailure) -> String { try path("revoked-lab") }

    private func path(_ name: String) throws(LoadFailure) -> String {
        let path = "\(directory)/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw LoadFailure(message: "there is no \(path): swift build -c release --product \(name)")
        }
        return path
    }
}
