using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Benchmarks;

/// <summary>Stands for a box in a process of its own: a data port that sends one capture, a control port that takes all.</summary>
internal static class PandASource
{
    private const int FrameBytes = 2 << 20;

    /// <summary>Serves one data client: <c>panda-source MB/s seconds shape</c>; 0 MB/s: as fast as it is taken.</summary>
    public static async Task DataAsync(double rate, double seconds, string shape)
    {
        using var listener = Listen();
        // Blocking calls: what the source costs is not to be had by what is measured.
        using var client = listener.Accept();
        client.NoDelay = true;
        client.SendBufferSize = 1 << 20;
        client.Receive(new byte[256]);
        var fields = PandABenchmark.Shape(shape);
        var size = fields.Sum(f => f.Bytes);
        var samples = (FrameBytes - 8) / size;
        client.Send(Encoding.UTF8.GetBytes("OK\n" + Header(fields, size)));
        var frame = Frame(fields, size, samples, isScattered: shape == "scattered");
        var bytes = rate > 0 ? rate * 1e6 * seconds : 3e9;
        var time = TimeProvider.System;
        var began = time.GetTimestamp();
        long sent = 0;
        for (; sent < bytes; sent += frame.Length)
        {
            var due = rate > 0 ? TimeSpan.FromSeconds(sent / (rate * 1e6)) - time.GetElapsedTime(began) : TimeSpan.Zero;
            if (due > TimeSpan.FromMilliseconds(1))
                await Task.Delay(due, time);
            for (var at = 0; at < frame.Length;)
                at += client.Send(frame.AsSpan(at));
        }
        client.Send(Encoding.UTF8.GetBytes($"END {sent / frame.Length * samples} Disarmed\n"));
        client.Shutdown(SocketShutdown.Send);
        client.Receive(new byte[1]);
    }

    /// <summary>Answers one control client: queries with a value, everything else with OK.</summary>
    public static async Task ControlAsync()
    {
        using var listener = Listen();
        using var client = await listener.AcceptAsync();
        client.NoDelay = true;
        var (buffer, replies) = (new byte[1 << 20], new MemoryStream());
        var protocol = new PandAControlServerProtocol(1 << 20);
        for (int count; (count = await client.ReceiveAsync(buffer)) > 0;)
        {
            protocol.Receive(buffer.AsSpan(0, count));
            replies.SetLength(0);
            while (protocol.TryTake(out var request))
                replies.Write(request.Line.EndsWith('?') ? "OK =1\n"u8 : "OK\n"u8);
            if (replies.Length > 0)
                await client.SendAsync(replies.GetBuffer().AsMemory(0, (int)replies.Length));
        }
    }

    private static Socket Listen()
    {
        var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture));
        return listener;
    }

    private static string Header(PandADataField[] fields, int size)
    {
        var text = new StringBuilder("<header>\n<data arm_time=\"a\" start_time=\"s\" missed=\"0\" process=\"Raw\" format=\"Framed\" ");
        text.Append(CultureInfo.InvariantCulture, $"sample_bytes=\"{size}\" />\n<fields>\n");
        foreach (var field in fields)
            text.Append($"<field name=\"{field.Name}\" type=\"{field.Type.ToString().ToLowerInvariant()}\" capture=\"{field.Capture}\" ")
                .Append("scale=\"0.001\" offset=\"5\" units=\"mm\" />\n");
        return text.Append("</fields>\n</header>\n\n").ToString();
    }

    private static byte[] Frame(PandADataField[] fields, int size, int samples, bool isScattered)
    {
        const long Apart = 0x0123_4567_89AB_CDEF;
        var frame = new byte[8 + samples * size];
        "BIN "u8.CopyTo(frame);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), frame.Length);
        for (var i = 0; i < samples; i++)
        {
            var at = 8 + i * size;
            foreach (var field in fields)
            {
                if (field.Bytes == 4)
                    BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(at), i + 1);
                else
                    BinaryPrimitives.WriteInt64LittleEndian(
                        frame.AsSpan(at), isScattered ? (i + 1) * Apart & long.MaxValue >> 4 : 125L * (i + 1));
                at += field.Bytes;
            }
        }
        return frame;
    }
}
