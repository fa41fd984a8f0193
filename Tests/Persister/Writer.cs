using System.Text;
using Akka.Actor;
using Akka.Persistence;
using Akka.Serialization;

namespace Flyscan.Persister;

/// <summary>An event that says which one it is, counted from 1.</summary>
internal sealed record Number(long Value);

internal sealed class NumberSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override int Identifier => 9002;

    public override string Manifest(object o) => "number/1";

    public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes($"{((Number)obj).Value}");

    public override object FromBinary(byte[] bytes, string manifest) => new Number(long.Parse(Encoding.UTF8.GetString(bytes)));
}

/// <summary>Writes without end: one event after the other, three that belong together, or several under way at a time.</summary>
internal sealed class Writer : ReceivePersistentActor
{
    private const int AtOnce = 3;
    private const int UnderWay = 5;

    private readonly string _way;
    private long _last;
    private long _sent;

    public Writer(string way)
    {
        _way = way;
        Recover<Number>(number =>
        {
            if (number.Value != _last + 1)
                Environment.FailFast($"{way}: event {number.Value} follows {_last}");
            _last = number.Value;
        });
        Recover<RecoveryCompleted>(_ =>
        {
            Say("recovered", _last);
            _sent = _last;
            for (var i = 0; i < (way == "async" ? UnderWay : 1); i++)
                Self.Tell("go");
        });
        Command<string>(_ => Write());
    }

    public override string PersistenceId => _way;

    private void Write()
    {
        switch (_way)
        {
            case "one":
                Persist(Next(), Written);
                break;
            case "async":
                PersistAsync(Next(), Written);
                break;
            default:
                PersistAll(Enumerable.Range(0, AtOnce).Select(_ => Next()).ToArray(), Written);
                break;
        }
    }

    private Number Next() => new(++_sent);

    private void Written(Number number)
    {
        _last = number.Value;
        Say("written", _last);
        if (_way != "all" || _last % AtOnce == 0)
            Self.Tell("go");
    }

    private void Say(string what, long number)
    {
        Console.Out.WriteLine($"{what} {_way} {number}");
        Console.Out.Flush();
    }
}
