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
            it is lost: the next start gives the denylist a new epoch, which clients deny until an operator accepts it.
            After restoring a copy of the directory, or of a disk with it, run --new-epoch before the start: what was \
            revoked after the copy was made is missing in it. The daemon notices by itself that files were copied, or that \
            the log alone is older; a disk or a machine that was set back to an earlier moment it cannot tell.
            """)

    @Argument(help: "The data directory.") var directory: String
    @Flag(help: "Cut damaged files at the first bad record.") var repair = false
    @Flag(help: "Give the denylist a new epoch: the directory is an older copy.") var newEpoch = false
    @Flag(help: "Do not ask.") var yes = false

    func validate() throws {
        if repair, newEpoch { throw ValidationError("--repair gives a new epoch, too: pass one of the two.") }
    }

    func run() throws {
        let report = LogCheckReport(directory: directory) {
            print($0)
        } confirm: { question in
            if yes { return true }
            print("\(question) Type yes:", terminator: " ")
            return readLine() == "yes"
        }
        guard try report.run(repair ? .repair : newEpoch ? .renewEpoch : .nothing) else { throw ExitCode.failure }
    }
}
