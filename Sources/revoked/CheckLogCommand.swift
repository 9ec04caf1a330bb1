import ArgumentParser
import RevokedServer

/// `revoked check-log`: is the log of a data directory whole?
struct CheckLogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-log",
        abstract: "Verify the log of a data directory that no daemon uses, and repair it if asked to.",
        discussion: """
            Reads every file and changes nothing. The exit status is 0 if the daemon will start. With --repair every \
            damaged file is cut at its first bad record, after asking; what is cut off stays beside it. What came after \
            it is lost: the next start gives the denylist a new epoch, which clients deny until somebody accepts it.
            """)

    @Argument(help: "The data directory.") var directory: String
    @Flag(help: "Cut damaged files at the first bad record.") var repair = false
    @Flag(help: "Do not ask.") var yes = false

    func run() throws {
        let report = LogCheckReport(directory: directory) {
            print($0)
        } confirm: { question in
            if yes { return true }
            print("\(question) Type yes:", terminator: " ")
            return readLine() == "yes"
        }
        guard try report.run(repairs: repair) else { throw ExitCode.failure }
    }
}
