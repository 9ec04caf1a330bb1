import RESP
import Testing

@testable import RevokedServer

@Suite struct CommandTableTests {
    private static let commands = CommandTable.shared.commands.indices.map { CommandTable.shared.commands[$0] }

    private static func find(_ name: String) -> Int { CommandTable.shared.find(Array(name.utf8).span.bytes) }

    @Test func everyCommandIsFoundInAnyCase() {
        for (index, command) in Self.commands.enumerated() {
            let name = "\(command.name)"
            #expect(Self.find(name) == index)
            #expect(Self.find(name.uppercased()) == index)
            #expect(Self.find(String(name.prefix(1)).uppercased() + name.dropFirst()) == index)
        }
    }

    @Test func nothingElseIsFound() {
        let names = Self.commands.map { "\($0.name)" }
        for name in names {
            for other in [
                name + "x", name + "\0", name + "\0\0", String(name.dropLast()), " " + name, name + " ", "x" + name,
            ]
            where !names.contains(other) {
                #expect(Self.find(other) == -1, "\(other.debugDescription)")
            }
        }
        for other in ["", "\0", "é", String(repeating: "a", count: 17), String(repeating: "get", count: 100)] {
            #expect(Self.find(other) == -1)
        }
    }

    /// What its flags and key positions say fits its arity.
    @Test func everyCommandFitsItself() {
        for command in Self.commands {
            #expect(command.arity != 0)
            // SUNSUBSCRIBE may name no channel, which stands where others have a key.
            #expect(
                command.firstKey < abs(command.arity) + (command.flags.contains(.noMandatoryKeys) ? 1 : 0)
                    || command.keyUse == .channel)
            #expect((command.firstKey == 0) == (command.keyStep == 0))
            #expect(!command.flags.isSuperset(of: [.write, .readOnly]), "\(command.name)")
        }
    }

    @Test(arguments: SubcommandFamily.allCases.map(\.rawValue))
    func helpTellsOfEachSubcommand(_ command: String) throws {
        let help = SessionBench().ask(command, "help")
        #expect(help.hasPrefix("*"))
        #expect(help.contains("+\(command.uppercased()) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n"))
        let subcommands = try #require(CommandCatalog.shared.find(command.utf8)).subcommands
        #expect(subcommands.count > 1)
        for entry in subcommands {
            let name = entry.name.dropFirst(command.utf8.count + 1).uppercased()
            #expect(help.contains("\r\n+\(name)"), "\(name)")
        }
        #expect(SessionBench().ask(command, "help", "x").hasPrefix("-ERR wrong number of arguments"))
    }

    /// redis-cli 7 indexes all of these for its own help.
    @Test func documentationIsWhole() {
        let bench = SessionBench()
        for name in CommandTable.names {
            let text = bench.ask("COMMAND", "DOCS", "\(name)")
            for field in ["summary", "since", "group"] {
                #expect(text.contains("\r\n\(field)\r\n"), "\(name) has no \(field)")
            }
        }
        #expect(bench.ask("COMMAND", "DOCS", "get").contains("\r\narguments\r\n"))
        #expect(bench.ask("COMMAND", "DOCS", "nosuch") == "*0\r\n")
    }
}
