using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Driver;

/// <summary>Answers the commands of a box's control port: the port itself, or the records of its IOC.</summary>
internal interface IPandAControl : IDisposable
{
    /// <summary>Sends commands in one piece; the replies come in their order.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> when the connection is lost, <see cref="TimeoutException"/> when a reply is late
    /// (the connection
    /// is then lost too: its replies could no longer be told apart).</remarks>
    Task<PandAReply[]> SendAsync(IReadOnlyList<PandACommand> commands, CancellationToken cancel);
}

/// <summary>Commands of which none may be refused.</summary>
internal static class PandAControls
{
    /// <summary>Returns values and, for settings, empty texts.</summary>
    /// <remarks><b>Errors</b> as <see cref="IPandAControl.SendAsync"/>, and <see cref="PandARefusedException"/> naming the first that was
    /// refused.</remarks>
    public static Task<string[]> DoAsync(this IPandAControl control, CancellationToken cancel, params PandACommand[] commands) =>
        ReadAsync(control.SendAsync(commands, cancel), commands);

    private static async Task<string[]> ReadAsync(Task<PandAReply[]> sent, PandACommand[] commands)
    {
        var replies = await sent;
        return
        [
            .. replies.Zip(commands, (reply, command) => reply switch
            {
                PandAReply.Value value => value.Text,
                PandAReply.Refused refused => throw new PandARefusedException(command.Line, refused.Reason),
                PandAReply.Lines lines => string.Join('\n', lines.Items),
                _ => "",
            }),
        ];
    }
}

/// <summary>How a driver reaches a box, and how what the box captures becomes a file.</summary>
internal interface IPandALine
{
    /// <summary>A table longer than the box holds can be given in pieces while it runs.</summary>
    bool Streams { get; }

    /// <summary>A count of samples that has not changed for this long is final.</summary>
    long SettleNs { get; }

    /// <param name="lost">Called once when the box can no longer be reached.</param>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming whom nobody answers for, <see cref="TimeoutException"/>.</remarks>
    Task<IPandAControl> OpenAsync(Action<string> lost, CancellationToken cancel);

    /// <summary>A second one beside an open line, for reports of changes.</summary>
    Task<IPandAControl> OpenReportsAsync(Action<string> lost, CancellationToken cancel);

    /// <summary>Further fields that tell a person how it stands.</summary>
    IReadOnlyList<string> Facts { get; }

    /// <summary>The capture of samples behind an open line.</summary>
    IPandACapture Capture { get; }
}
