import RESP

/// `COMMAND`: what commands there are.
enum CommandCommands {
    static func command(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        guard arguments.count > 1 else {
            worker.reply.array(CommandTable.shared.commands.count)
            for index in CommandTable.shared.commands.indices {
                describe(CommandTable.shared.commands[index], &worker.reply)
            }
            return
        }
        switch CommandSubcommand.read(arguments, session, &worker) {
        case .count: worker.reply.integer(Int64(CommandTable.shared.commands.count))
        case .info:
            let indices = named(arguments)
            worker.reply.array(indices.count)
            for index in indices {
                if index >= 0 {
                    describe(CommandTable.shared.commands[index], &worker.reply)
                } else {
                    worker.reply.nullArray()
                }
            }
        case .docs:
            let known = named(arguments).filter { $0 >= 0 }
            worker.reply.map(known.count)
            for index in known { document(CommandTable.shared.commands[index], &worker.reply) }
        case nil: break
        }
    }

    /// The indices of the commands that are named, -1 for one that is not ours; all of them if none is named.
    private static func named(_ arguments: Arguments) -> [Int] {
        guard arguments.count > 2 else { return Array(CommandTable.shared.commands.indices) }
        return (2..<arguments.count).map { CommandTable.shared.find(arguments[$0]) }
    }

    private static func describe(_ command: Command, _ reply: inout ReplyBuffer) {
        reply.array(10)
        reply.bulk("\(command.name)")
        reply.integer(Int64(command.arity))
        let flags = command.flags.names
        reply.set(flags.count)
        for flag in flags { reply.status(flag) }
        reply.integer(Int64(command.firstKey))
        reply.integer(Int64(command.lastKey))
        reply.integer(Int64(command.keyStep))
        // Categories, tips, key specifications and subcommands: none are kept.
        for _ in 0..<4 { reply.array(0) }
    }

    private static func document(_ command: Command, _ reply: inout ReplyBuffer) {
        let subcommands =
            switch command.id {
            case .client: ClientSubcommand.documentation
            case .config: ConfigSubcommand.documentation
            case .command: CommandSubcommand.documentation
            default: [(String, CommandDocumentation)]()
            }
        CommandDocumentation(of: command.id).write("\(command.name)", subcommands: subcommands, to: &reply)
    }
}

extension Command.Flags {
    var names: [String] {
        [
            (Self.write, "write"), (.readOnly, "readonly"), (.denyOOM, "denyoom"), (.admin, "admin"),
            (.noAuthentication, "no_auth"), (.fast, "fast"), (.loading, "loading"),
        ].filter { contains($0.0) }.map(\.1)
    }
}
