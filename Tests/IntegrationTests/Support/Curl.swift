import Foundation

/// The real curl.
enum Curl {
    /// - Returns: its exit status (60: the certificate is not trusted), and what it wrote.
    static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        try TestProcess(try TestProcess.find("curl", package: "curl"), ["-sS", "--max-time", "20"] + arguments)
            .waitForEnd()
    }
}
