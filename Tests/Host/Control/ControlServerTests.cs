using System.Net.Sockets;
using System.Text;
using Flyscan.Host.Control;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Host.Control;

public sealed class ControlServerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-control-").FullName;

    private string At => Path.Combine(_folder, "scan.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_request_is_answered_with_one_line_and_the_socket_is_its_owners_alone()
    {
        await using var server = ControlServer.Open(At, Echo);
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At));
        await using var client = await ConnectAsync();
        await client.WriteAsync(ControlJson.Write(new ControlRequest(ControlVerb.Seek, "me") { Frame = 12 }));
        Assert.Equal("""{"answer":"paused","v":1,"frame":12}""", await NextAsync(client));
        await client.WriteAsync("""{"v":1,"verb":"abort","who":"me"}"""u8.ToArray().Append((byte)'\n').ToArray());
        Assert.Equal("""{"answer":"accepted","v":1}""", await NextAsync(client));
    }

    [Theory]
    [InlineData("frob", "not a line of the control protocol")]
    [InlineData("null", "must be an object")]
    [InlineData("""{"v":1,"verb":"explode","who":"me"}""", "not a line of the control protocol")]
    [InlineData("""{"v":2,"verb":"pause","who":"me"}""", "version 2 of the control protocol is not spoken here; this is version 1")]
    [InlineData("""{"v":1,"verb":"seek","who":"me"}""", "seek needs a `frame`")]
    [InlineData("""{"v":1,"verb":"pause"}""", "`who` must be a text")]
    [InlineData("""{"v":1,"verb":0,"who":"me"}""", "not a line of the control protocol")]
    public async Task What_is_no_request_is_refused_with_the_reason_and_the_next_is_heard(string line, string reason)
    {
        await using var server = ControlServer.Open(At, Echo);
        await using var client = await ConnectAsync();
        await client.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
        Assert.Contains(reason, Value(ControlJson.ReadAnswer(await NextAsync(client))).Reason);
        await client.WriteAsync(ControlJson.Write(new ControlRequest(ControlVerb.Pause, "me")));
        Assert.Equal(ControlResult.Accepted, Value(ControlJson.ReadAnswer(await NextAsync(client))).Answer);
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_refused_and_its_client_closed()
    {
        await using var server = ControlServer.Open(At, Echo);
        await using var client = await ConnectAsync();
        await client.WriteAsync(new byte[ControlJson.LongestLine]);
        Assert.Equal("a line is longer than 16384 bytes", Value(ControlJson.ReadAnswer(await NextAsync(client))).Reason);
    }

    [Fact]
    public async Task One_client_too_many_is_refused()
    {
        await using var server = ControlServer.Open(At, Echo);
        var clients = new List<NetworkStream>();
        for (var i = 0; i < ControlServer.MostClients; i++)
        {
            var client = await ConnectAsync();
            clients.Add(client);
            await client.WriteAsync(ControlJson.Write(new ControlRequest(ControlVerb.Pause, "me")));
            await NextAsync(client);
        }
        await using var late = await ConnectAsync();
        Assert.StartsWith("8 clients talk to this scan already", Value(ControlJson.ReadAnswer(await NextAsync(late))).Reason);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task A_socket_that_a_dead_process_left_is_replaced_and_removed_at_the_end()
    {
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            dead.Bind(new UnixDomainSocketEndPoint(At));
        if (!File.Exists(At))
            File.WriteAllText(At, "");
        await using (ControlServer.Open(At, Echo))
        {
            await using var client = await ConnectAsync();
            await client.WriteAsync(ControlJson.Write(new ControlRequest(ControlVerb.Abort, "me")));
            Assert.NotNull(await NextAsync(client));
        }
        Assert.False(File.Exists(At));
    }

    [Fact]
    public void A_folder_that_others_can_write_is_refused()
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException();
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_111_111);
        var refused = Assert.Throws<UnauthorizedAccessException>(() => ControlServer.Open(At, Echo));
        Assert.Equal($"{_folder} can be written by others; its mode must be 0700", refused.Message);
    }

    [Fact]
    public void Requests_and_answers_come_back_as_they_went()
    {
        var request = new ControlRequest(ControlVerb.Pause, "a@b (pid 1)") { Quit = true };
        Assert.Equal(request, Value(ControlJson.ReadRequest(Encoding.UTF8.GetString(ControlJson.Write(request)))));
        var answer = new ControlAnswer(ControlResult.Refused) { Reason = "committed to frame 3" };
        Assert.Equal(answer, Value(ControlJson.ReadAnswer(Encoding.UTF8.GetString(ControlJson.Write(answer)))));
    }

    private static Task<ControlAnswer> Echo(ControlRequest request, CancellationToken cancel) => Task.FromResult(
        new ControlAnswer(request.Frame is null ? ControlResult.Accepted : ControlResult.Paused) { Frame = request.Frame });

    private static T Value<T>(Outcome<T> outcome) => Assert.IsType<Outcome<T>.Completed>(outcome).Value;

    private async Task<NetworkStream> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(At));
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task<string> NextAsync(NetworkStream client)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (await client.ReadAsync(one) == 1 && one[0] != '\n')
            line.Add(one[0]);
        return Encoding.UTF8.GetString([.. line]);
    }
}
