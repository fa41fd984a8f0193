using System.Globalization;
using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>The detector's end of a trigger cable.</summary>
/// <param name="heard">Called for each edge, in order: the pulse's number, beam time, whether it rises.</param>
internal sealed class TriggerInput(int port, Action<(long Number, long TimeNs, bool Rises)> heard) : IDisposable
{
    private const int LongestLine = 100;

    private ConnectionListener? _listener;
    private IConnection? _plugged;

    /// <summary>Waits for the cable. <b>Errors</b> <see cref="IOException"/> naming address and port.</summary>
    public void Listen(string address) => _listener = ConnectionListener.Listen(address, port, Plug);

    public void Dispose()
    {
        _listener?.Dispose();
        Interlocked.Exchange(ref _plugged, null)?.Dispose();
    }

    /// <summary>Understands one line; false for what is none.</summary>
    internal static bool TryRead(string line, out (long Number, long TimeNs, bool Rises) edge)
    {
        edge = default;
        if (line.Split(' ') is not [var number, var time, "0" or "1"]
            || !long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var pulse)
            || !long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var timeNs))
            return false;
        edge = (pulse, timeNs, line[^1] == '1');
        return true;
    }

    /// <summary>One cable at a time: the last that was plugged in.</summary>
    private void Plug(IConnection connection)
    {
        Interlocked.Exchange(ref _plugged, connection)?.Dispose();
        var rest = new StringBuilder();
        connection.Start(
            bytes =>
            {
                rest.Append(Encoding.ASCII.GetString(bytes.Span));
                if (!Take(rest))
                    connection.Dispose();
            },
            _ => Interlocked.CompareExchange(ref _plugged, null, connection));
    }

    /// <summary>Takes whole lines; false where the other end is no trigger cable.</summary>
    private bool Take(StringBuilder rest)
    {
        var text = rest.ToString();
        var from = 0;
        for (var end = text.IndexOf('\n'); end >= 0; end = text.IndexOf('\n', from))
        {
            if (!TryRead(text[from..end], out var edge))
                return false;
            heard(edge);
            from = end + 1;
        }
        rest.Remove(0, from);
        return rest.Length <= LongestLine;
    }
}
