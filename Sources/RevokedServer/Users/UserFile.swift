import Files
import RESP

/// A file of users (`--aclfile`), as Redis has it: a line `user <name> <rule>…` for each. It is taken whole or not at
/// all.
struct UserFile {
    /// What is wrong with a file, for who loads it. No password is in it.
    struct Failure: Error, Equatable {
        let message: String

        static let tooManyUsers = Self(message: "there are at most \(UserLimits.users) users. \(nothingChanged)")
        static let noAdministrator = Self(
            message:
                "the file has no user admin, and there is one: only the next start may do without. \(nothingChanged)")

        static let changed = Self(
            message: "users were changed while the file was read: send ACL LOAD again. \(nothingChanged)")

        /// - Parameter host: an address beyond loopback.
        static func opensDefault(_ host: String) -> Self {
            Self(message: "\(UserTable.opensDefault(host)). \(nothingChanged)")
        }

        fileprivate static func noUser(_ path: String) -> Self {
            Self(
                message: "\(path) holds no user: begin it with a line such as 'user admin on >password', which ACL "
                    + "SAVE then writes anew without the password. \(nothingChanged)")
        }

        fileprivate static let nothingChanged =
            "WARNING: ACL errors detected, no change to the previously active ACL rules was performed"
    }

    /// Errors beyond this are not told.
    private static let shownErrors = 10

    let path: String
    let text: [UInt8]
    /// Whether every user of the machine may change it.
    private(set) var isWritableByOthers = false

    init(path: String, text: [UInt8]) {
        self.path = path
        self.text = text
    }

    // MARK: Reading

    /// Reads a file.
    init(reading path: String) throws(Failure) {
        do throws(RegularFileError) {
            self.init(path: path, text: Array(try RegularFile.read(path, maximumBytes: UserLimits.fileBytes)))
        } catch { throw Failure(message: "Error loading ACLs, opening file '\(path)': \(error.message)") }
        isWritableByOthers = RegularFile.isWritableByOthers(path)
    }

    /// The users of all lines; at least one.
    /// - Throws: what is wrong, with the numbers of the lines.
    func definitions(prefix: String) throws(Failure) -> [UserDefinition] {
        var users: [UserDefinition] = []
        var names: Set<UserName> = []
        var errors: [String] = []
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let words = line.split { $0 == 0x20 || (0x09...0x0D).contains($0) }.map(Array.init)
            guard !words.isEmpty else { continue }
            do throws(Failure) {
                let user = try Self.definition(words, prefix: prefix)
                guard names.insert(user.name).inserted else {
                    throw Failure(message: ": Duplicate user '\(user.name)' found. ")
                }
                users.append(user)
            } catch {
                if errors.count < Self.shownErrors { errors.append("\(path):\(index + 1)\(error.message)") }
            }
        }
        guard errors.isEmpty else { throw Failure(message: errors.joined() + Failure.nothingChanged) }
        // Most likely it was cut off, and nothing says what its users could do.
        guard !users.isEmpty else { throw .noUser(path) }
        return users
    }

    private static func definition(_ words: [[UInt8]], prefix: String) throws(Failure) -> UserDefinition {
        guard words.count > 1, words[0].elementsEqual("user".utf8), let name = UserName(words[1]) else {
            throw Failure(message: " should start with user keyword followed by the username. ")
        }
        let rules: [[UInt8]]
        do throws(UserDefinition.UnmatchedSelector) {
            rules = try UserDefinition.joiningSelectors(Array(words[2...]))
        } catch { throw Failure(message: ": \(String(decoding: error.message, as: UTF8.self)) ") }
        var user = UserDefinition(new: name, rules: rules, prefix: prefix)
        do throws(UserDefinition.Refusal) { try user.apply(rules) } catch {
            let rule = String(decoding: error.shown, as: UTF8.self)
            throw Failure(message: ": Error in applying operation '\(rule)': \(error.error.message). ")
        }
        return user
    }
}
